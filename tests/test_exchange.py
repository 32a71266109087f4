"""nbgrader's exchange, there and back: fetched, submitted, collected, graded, and the feedback fetched."""

import pytest

from autograder import exercises
from tests.conftest import Course

STEM = exercises.stems()[0]


@pytest.mark.parametrize("grade", [["python", "-m", "autograder", "grade"], ["nbgrader", "autograde"]], ids=["ours", "nbgrader's"])
def test_feedback_finds_its_way_back(course, tmp_path, grade):
    exchange, home = tmp_path / "exchange", tmp_path / "home"
    exchange.mkdir()
    exchange.chmod(0o777)
    home.mkdir()
    mine, student = course.copy(tmp_path / "course"), Course(home)
    there = f"--Exchange.root={exchange}"
    mine.run("nbgrader", "release_assignment", STEM, there)
    student.run("nbgrader", "fetch_assignment", STEM, "--course", "normalisation", there)
    student.run("nbgrader", "submit", STEM, "--course", "normalisation", there)
    mine.run("nbgrader", "collect", STEM, there)
    [secret] = mine.root.glob(f"grading/submitted/*/{STEM}/submission_secret.txt")
    name = secret.parent.parent.name
    mine.run(*grade, STEM, "--student", name)
    if grade[0] == "nbgrader":
        mine.run("nbgrader", "generate_feedback", STEM, "--student", name)
    mine.run("nbgrader", "release_feedback", STEM, "--student", name, there)
    student.run("nbgrader", "fetch_feedback", STEM, "--course", "normalisation", there)
    [page] = home.glob(f"{STEM}/feedback/*/{STEM}.html")
    assert f"Feedback for <strong>{name}</strong>" in page.read_text()
