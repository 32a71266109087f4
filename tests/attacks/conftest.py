"""The batches of attacks; graded once a session."""

import pytest

from tests.attacks.batches import ROWS, grade


@pytest.fixture(scope="session")
def fortress(course, tmp_path_factory):
    """A copy of the released course, so that other tests see a class of honest students only."""
    return course.copy(tmp_path_factory.mktemp("attacks") / "course", "autograded", "feedback")


@pytest.fixture(scope="session")
def batch(fortress):
    return grade(fortress, [row for row in ROWS if not row.slow])


@pytest.fixture(scope="session")
def slow_batch(fortress, tmp_path_factory):
    copy = fortress.copy(tmp_path_factory.mktemp("slow_attacks") / "course", "autograded", "feedback", "atk_*")
    return grade(copy, [row for row in ROWS if row.slow])
