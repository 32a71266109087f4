"""Grades the rows of the attack tables in batches, as an instructor grades."""

import hashlib
import json
import time
from dataclasses import dataclass

from tests.attacks import accidents, cells, files, lying, protocol, reading, resources, rows, scripts, writing
from tests.attacks.rows import STEM, Row

TABLES = {
    table.__name__.rpartition(".")[2]: table.ROWS
    for table in (lying, cells, reading, writing, resources, files, protocol, scripts, accidents)
}
ROWS = [row for table in TABLES.values() for row in table]
PASSWORD = "swordfish-of-the-course"
WORKERS = 2


@dataclass(frozen=True)
class Batch:
    """What grading a set of rows gave.

    results: by student. pages: the feedback pages by student. said: what the command printed.
    before, after: the gradebook's scores and a digest of the files that nobody may change.
    """

    course: object
    results: dict[str, dict]
    pages: dict[str, str]
    said: str
    seconds: float
    before: tuple
    after: tuple


def state(course) -> tuple[dict, dict]:
    """Return the sample class's scores, and a digest of each file of the course's that must stay."""
    scores = {key: score for key, score in course.scores().items() if key[0].startswith("sample_")}
    kept = {}
    for room in ("solutions", "autograder", "notebooks", "tests", "grading/submitted", "grading/autograded", "grading/course_secret"):
        top = course.root / room
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts and "atk_" not in str(path):
                kept[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return scores, kept


def grade(course, chosen: list[Row]) -> Batch:
    """Write the submissions of ``chosen`` beside the sample class's and grade them all in one batch."""
    course.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_*")
    before = state(course)
    for row in chosen:
        row.make(rows.place(course.root, row.student))
    out = course.root / "attacks.json"
    begun = time.monotonic()
    done = course.run(
        "python", "-m", "autograder", "grade", STEM, "--student", "atk_*", "--workers", str(WORKERS), "--json", str(out),
        good=False, COURSE_PASSWORD=PASSWORD,
    )  # fmt: skip
    seconds = time.monotonic() - begun
    assert out.exists(), done.stderr[-3000:]
    results = {row["student"]: row for row in json.loads(out.read_text())}
    feedback = course.root / "grading" / "feedback"
    pages = {name: page.read_text() for name in results if (page := feedback / name / STEM / f"{STEM}.html").exists()}
    return Batch(course, results, pages, done.stdout + done.stderr, seconds, before, state(course))
