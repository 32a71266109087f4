"""Every row of the attack tables, graded in a batch as an instructor grades: none gains, none harms, none leaks."""

import hashlib
import json
import re
import shutil
import time
from dataclasses import dataclass

import pytest

from tests.attacks import accidents, cells, files, lying, protocol, reading, resources, rows, scripts, writing
from tests.attacks.rows import STEM, TOPIC, Row

TABLES = {
    table.__name__.rpartition(".")[2]: table.ROWS
    for table in (lying, cells, reading, writing, resources, files, protocol, scripts, accidents)
}
ROWS = [row for table in TABLES.values() for row in table]
PASSWORD = "swordfish-of-the-course"
WORKERS = 2


def parameters(slow: bool) -> list:
    found = []
    for name, table in TABLES.items():
        for row in table:
            if row.slow == slow:
                gap = [pytest.mark.xfail(reason=row.gap, strict=True)] if row.gap else []
                found.append(pytest.param(row, id=f"{name}-{row.name}", marks=gap))
    return found


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


def result_of(row: Row, batch: Batch) -> dict | None:
    return batch.results.get(ascii(row.student)[1:-1] if row.refused else row.student)


def check(row: Row, batch: Batch) -> None:
    """Assert that a submission got what it deserves, and words that say why."""
    result = result_of(row, batch)
    if row.absent:
        assert result is None
        return
    assert result, "it was passed over"
    told = " ".join([result["problem"] or "", result["error"] or "", *(v["hint"] for v in result["verdicts"])])
    assert re.search(row.tells, told), told[:2000]
    assert bool(result["error"]) == row.refused, result["error"]
    assert row.refused or row.student in batch.pages
    for verdict in result["verdicts"]:
        name = f"{verdict['exercise']}/{verdict['check']}"
        if verdict["exercise"] not in row.earns or name in row.loses:
            assert verdict["points"] == 0, name
        elif row.exact:
            assert verdict["points"] == verdict["max_points"], f"{name}: {verdict['hint']}"
    most = sum(item.max_points for item in (*TOPIC.exercises, TOPIC.quiz) if item.name in row.earns)
    assert result["score"] == sum(v["points"] for v in result["verdicts"]) <= most


@pytest.mark.parametrize("row", parameters(slow=False))
def test_it_gets_what_it_deserves(row, batch):
    check(row, batch)
    assert "OUTSIDE" not in batch.pages.get(row.student, "")


@pytest.mark.slow
@pytest.mark.parametrize("row", parameters(slow=True))
def test_it_is_stopped_in_time(row, slow_batch):
    check(row, slow_batch)


def test_the_names_are_unlike():
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert len(ROWS) >= 80


def harmless(batch: Batch) -> None:
    """Assert that peers and the course are as they were, and that the batch took no longer than its rows may."""
    assert batch.after == batch.before
    limit = sum(row.seconds for row in ROWS if result_of(row, batch))
    assert batch.seconds < 10 + limit / WORKERS


def test_peers_and_the_course_are_untouched(batch):
    harmless(batch)


@pytest.mark.slow
def test_peers_and_the_course_are_untouched_by_the_slow(slow_batch):
    harmless(slow_batch)


def test_nothing_is_told(batch):
    """No secret, no path of the course, no environment, no other's work in what a student gets to read."""
    course = batch.course
    source = (course.root / "solutions" / STEM / f"{STEM}.ipynb").read_text()
    secrets = {
        "the secret": (course.root / "grading" / "course_secret").read_text().strip(),
        "the environment": PASSWORD,
        "a peer": "import numpy as np\\n\\n\\ndef",
        "the judge": "Hidden side of",
        "a mark that an attack sets": "LEAK",
        "what an earlier one left": writing.LEFT,
        "what an earlier one left in the kernel": "FOUND",
        "a solution": "BEGIN SOLUTION",
    }
    assert "BEGIN SOLUTION" in source
    wrong = []
    for row in ROWS:
        shown = without_source(batch.pages.get(row.student, ""))
        for what, words in secrets.items():
            if words in shown:
                wrong.append((row.name, what, shown[max(0, shown.find(words) - 200) :][:400]))
        if str(course.root) in shown.replace(f"ROOT = {str(course.root)!r}", ""):
            wrong.append((row.name, "a path"))
    assert not wrong


def without_source(page: str) -> str:
    """Return a feedback page without the student's own source, which says what it looked for."""
    return re.sub(r'<pre tabindex="0">.*?</pre>', "", page, flags=re.S)


def test_no_hidden_input_is_told_in_figures(batch):
    page = batch.pages["atk_hidden_inputs_by_an_error"]
    told = re.findall(r"HIDDEN \[([^\]]*)", without_source(page).replace("&#x27;", "'"))
    assert told
    for numbers in told:
        assert "20.0, 50.0" in numbers or not re.search(r"\d\.\d{4}", numbers), numbers
    assert "HIDDEN" not in without_source(batch.pages["atk_hidden_inputs_by_printing"])


def test_the_terminal_gets_no_orders(batch):
    assert "\x1b[2J" not in batch.said
