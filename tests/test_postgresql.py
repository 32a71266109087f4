"""A gradebook in PostgreSQL: the same commands, and the same scores as in SQLite."""

import json

import pytest

from autograder import exercises
from tests import postgresql
from tests.conftest import Course

STEM = exercises.stems()[0]


@pytest.fixture(scope="module")
def database():
    if reason := postgresql.why_not():
        pytest.skip(reason)
    with postgresql.server() as url:
        yield url


def as_the_chapter_says(url: str) -> str:
    """Return an address without the driver, which only SQLAlchemy asks for."""
    return url.replace("+psycopg2", "")


@pytest.fixture(scope="module")
def moved(course, database, tmp_path_factory):
    """Two copies of the course, released and graded, in PostgreSQL and in SQLite; each with its results."""
    course.run("python", "-c", "from autograder import course; course.secret()")
    copies = []
    for name, env in (("postgresql", {"COURSE_DB_URL": as_the_chapter_says(database)}), ("sqlite", {})):
        mine = course.copy(tmp_path_factory.mktemp(name) / "course", "gradebook.db", "autograded", "feedback", "reports")
        mine.run("python", "-m", "autograder", "release", **env)
        copies.append((mine, graded(mine, **env)))
    copies[0][0].database = database
    return copies


def graded(course: Course, **env: str) -> list[dict]:
    out = course.root / "verdicts.json"
    course.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_*", "--json", str(out), **env)
    return json.loads(out.read_text())


def scores(url: str) -> dict[str, tuple]:
    """Return {student: points and comment of every cell} from a gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(url, "normalisation") as gradebook:
        return {
            s.student.id: (
                s.score,
                sorted((g.name, g.auto_score, g.needs_manual_grade) for n in s.notebooks for g in n.grades),
                sorted((c.name, c.comment or "") for n in s.notebooks for c in n.comments),
            )
            for s in gradebook.assignment_submissions(STEM)
            if s.student.id.startswith("sample_")
        }


def test_scores_and_verdicts_are_those_of_sqlite(moved):
    (mine, there), (other, here) = moved
    assert there == here
    assert scores(mine.database) == scores(f"sqlite:///{other.root / 'grading' / 'gradebook.db'}")
    assert not (mine.root / "grading" / "gradebook.db").exists()


def test_nbgraders_own_commands_use_it_too(moved):
    mine, _ = moved[0]
    before = scores(mine.database)
    assert any(points for points, *_ in before.values())
    mine.run("nbgrader", "autograde", STEM, "--force", "--student", "sample_bela", COURSE_DB_URL=mine.database)
    mine.run("nbgrader", "generate_feedback", STEM, "--force", COURSE_DB_URL=mine.database)
    assert scores(mine.database) == before
    mine.run("nbgrader", "export", "--to", "grades.csv", COURSE_DB_URL=mine.database)
    assert "sample_bela" in (mine.root / "grades.csv").read_text()
    assert not (mine.root / "grading" / "gradebook.db").exists()


def test_a_second_run_judges_nothing_again_and_the_report_is_made(moved):
    mine, results = moved[0]
    kept = mine.root / "grading" / "autograded" / "sample_ada" / STEM / f"{STEM}.ipynb"
    written = kept.stat().st_mtime_ns
    assert graded(mine, COURSE_DB_URL=mine.database) == results and kept.stat().st_mtime_ns == written
    assert "work that can be read: median" in mine.run("python", "-m", "autograder", "report", STEM, COURSE_DB_URL=mine.database).stdout


def test_a_gradebook_that_does_not_answer_is_said_in_one_line(course):
    url = "postgresql+psycopg2://grader@127.0.0.1:1/nothing"
    course.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_ada")  # else there is nothing to report
    for command in ("grade", "report"):
        done = course.run("python", "-m", "autograder", command, STEM, COURSE_DB_URL=url, good=False)
        assert done.returncode == 2 and "gradebook can't be opened" in done.stderr and "Traceback" not in done.stderr
