"""The batches of attacks; graded once a session."""

import shutil

import pytest

from tests.attacks.batches import ROWS, grade


@pytest.fixture(scope="session")
def fortress(course, tmp_path_factory):
    """A copy of the released course, so that other tests see a class of honest students only."""
    copy = type(course).__new__(type(course))
    copy.root = tmp_path_factory.mktemp("attacks") / "course"
    shutil.copytree(course.root, copy.root, ignore=shutil.ignore_patterns("autograded", "feedback"))
    return copy


@pytest.fixture(scope="session")
def batch(fortress):
    return grade(fortress, [row for row in ROWS if not row.slow])


@pytest.fixture(scope="session")
def slow_batch(fortress, tmp_path_factory):
    copy = type(fortress).__new__(type(fortress))
    copy.root = tmp_path_factory.mktemp("slow_attacks") / "course"
    shutil.copytree(fortress.root, copy.root, ignore=shutil.ignore_patterns("autograded", "feedback", "atk_*"))
    return grade(copy, [row for row in ROWS if row.slow])
