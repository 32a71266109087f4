"""Every row of the attack tables, graded in a batch as an instructor grades: none gains, none harms, none leaks."""

import re

import numpy as np
import pytest
from nbgrader.api import Gradebook

from tests.attacks import accidents, writing
from tests.attacks.batches import PASSWORD, ROWS, TABLES, WORKERS, Batch
from tests.attacks.rows import EXERCISES, FIRST, STEM, TOPIC, Row


def parameters(slow: bool) -> list:
    found = []
    for name, table in TABLES.items():
        for row in table:
            if row.slow == slow:
                found.append(pytest.param(row, id=f"{name}-{row.name}"))
    return found


def result_of(row: Row, batch: Batch) -> dict | None:
    return batch.results.get(row.named)


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


@pytest.mark.slow
@pytest.mark.parametrize("row", parameters(slow=True))
def test_it_is_stopped_in_time(row, slow_batch):
    check(row, slow_batch)


def test_what_could_deceive_waits_for_a_person(batch):
    """It earns nothing and stands in Formgrader's list; of the honest, whose accidents these are, nothing is held."""
    looked_at = {name for name, result in batch.results.items() if result["worth_reading"]}
    with Gradebook(f"sqlite:///{batch.course.root / 'grading' / 'gradebook.db'}") as gradebook:
        for name in ("library_behind_a_watch_of_its_own", "change_hidden_from_the_runner"):
            grades = gradebook.find_submission_notebook(STEM, STEM, f"atk_{name}").grades
            waiting = {grade.name: grade.auto_score for grade in grades if grade.needs_manual_grade}
            assert waiting[FIRST] == 0 and f"atk_{name}" in looked_at
    assert not looked_at & {row.student for row in accidents.ROWS}


def test_points_that_a_person_gave_for_held_code_are_told(batch):
    student = "atk_change_hidden_from_the_runner"
    page = batch.course.feedback(student, STEM)
    assert "… <strong>held back:</strong>" in page and "look at code of yours" in page
    with Gradebook(f"sqlite:///{batch.course.root / 'grading' / 'gradebook.db'}") as gradebook:
        for grade in gradebook.find_submission_notebook(STEM, STEM, student).grades:
            grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    batch.course.run("python", "-m", "autograder", "grade", STEM, "--student", student)
    page = batch.course.feedback(student, STEM)
    assert "Your instructor gave 2.5 of" in page and "look at code of yours" not in page


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
    assert not wrong, "\n".join(map(str, wrong))


def without_source(page: str) -> str:
    """Return a feedback page without the student's own source, which says what it looked for."""
    return re.sub(r'<pre tabindex="0">.*?</pre>', "", page, flags=re.S)


def test_no_hidden_input_is_told(batch):
    """An error on a case that everybody knows is told in full; of a hidden one no words and no long figures."""
    rng = np.random.default_rng(0)
    cases = [case for exercise in TOPIC.exercises for check in exercise.checks for case in check.cases(rng)]
    public = tuple(f"For {case.words}:" for case in cases if case.public)
    rows = [result for name, result in batch.results.items() if name.startswith("atk_hidden_inputs_")]
    hints = [v["hint"] for row in rows for v in row["verdicts"] if v["exercise"] in EXERCISES]
    hidden = [hint for hint in hints if not hint.startswith(public)]
    assert len(rows) >= 6 and len(hidden) >= 10
    assert any("HIDDEN" in hint for hint in hints if hint.startswith(public))
    assert not [hint for hint in hidden if "HIDDEN" in hint or re.search(r"\d{5}", hint)], "a hidden input"


def test_no_hidden_input_is_told_later(batch):
    """Of a case that everybody knows neither words nor figures are told by a process that was sent a hidden one."""
    rows = [batch.results[f"atk_hidden_inputs_by_a_later_{what}"] for what in ("error", "result")]
    hints = [v["hint"] for row in rows for v in row["verdicts"]]
    assert any("For the scores 7, 7, 7" in hint for hint in hints)
    assert not [hint for hint in hints if "LATER" in hint or "77777" in hint]


def test_the_terminal_gets_no_orders(batch):
    assert "\x1b[2J" not in batch.said
