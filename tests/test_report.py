"""The class report: what it counts, what it says of missing data, and that its page is clean."""

import csv
import re

import nbformat
import pytest

from autograder import exercises, python_errors, reporting
from autograder.exercise import Verdict
from tests import sample_class

STEM = exercises.stems()[0]


@pytest.fixture(scope="module")
def reported(course, tmp_path_factory):
    """A copy of the course with its first assignment graded and reported; the page and the table's rows."""
    mine = course.copy(tmp_path_factory.mktemp("report") / "course", "autograded", "feedback", "reports")
    notebook = nbformat.read(mine.root / "notebooks" / STEM / f"{STEM}.ipynb", as_version=4)
    sample_class.solve(notebook, STEM)
    quiz = exercises.topic(STEM).quiz
    answers = {q.name: "<img src=x>" for q in quiz.questions}
    sample_class.answer(notebook, quiz.name, f"import gc as other  # <b>\n{quiz.variable} = {answers}")
    mine.submitted("sample_hostile", STEM).write_text(nbformat.writes(notebook))
    mine.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_*")
    mine.submitted("sample_late", STEM)
    done = mine.run("python", "-m", "autograder", "report", STEM)
    reports = mine.root / "grading" / "reports"
    page = (reports / f"{STEM}.html").read_text()
    rows = list(csv.DictReader((reports / f"{STEM}.csv").open(newline="")))
    return mine, done.stdout, page, rows


def in_table(rows, table):
    return [row for row in rows if row["table"] == table]


def test_every_check_and_question_has_a_share_the_hardest_first(reported):
    _, _, page, rows = reported
    topic = exercises.topic(STEM)
    found = in_table(rows, "check passed")
    expected = {(e.name, c.name) for e in topic.exercises for c in e.checks} | {(topic.quiz.name, q.name) for q in topic.quiz.questions}
    assert {(row["exercise"], row["name"]) for row in found} == expected
    shares = [float(row["share"]) for row in found]
    assert shares == sorted(shares) and shares[0] < shares[-1] <= 1
    readable = len(sample_class.STUDENTS)  # without the one whose upload broke off, with the hostile one
    assert {row["of"] for row in found} == {str(readable)}
    assert page.count('class="bar"') == len(rows)


def test_misconceptions_come_with_hint_and_section_the_most_frequent_first(reported):
    _, _, page, rows = reported
    found = in_table(rows, "misconception")
    assert found
    errors = {meaning.name: meaning.hint for meaning in python_errors.MEANINGS}
    assert [int(row["students"]) for row in found] == sorted((int(row["students"]) for row in found), reverse=True)
    for row in found:
        if row["name"] in errors:  # what it means does not depend on the exercise
            assert row["hint"] == errors[row["name"]] and row["section"].startswith(f"{STEM}.html#")
        else:
            known = [e.misconceptions[row["name"]] for e in exercises.topic(STEM).exercises if e.name in row["exercise"].split(", ")]
            assert (row["hint"], row["section"]) in [(m.hint, f"{STEM}.html#{m.section}") for m in known]
        assert f'href="../../_build/html/book/{row["section"]}"' in page


def test_the_page_has_the_scores_and_what_is_left_to_do(reported):
    mine, said, page, _ = reported
    scores = [score for (name, stem), score in mine.scores().items() if stem == STEM and name.startswith("sample_")]
    assert f"{len(scores)} submissions graded" in page
    counts = re.search(r'aria-label="Histogram of scores\. ([^"]*)"', page)[1]
    assert sum(int(n) for n in re.findall(r": (\d+)\.", counts)) == len(scores)
    assert "sample_jonas" in page and "not a Jupyter notebook" in page
    assert "sample_late: handed in, not graded yet" in page
    written = len(scores) - 2  # Ines left hers untouched, Jonas' could not be read
    held = len(exercises.topic(STEM).exercises)  # of the hostile one, whose code is to be looked at
    assert f"{written} to be read" in page and f"{written + held} answers wait to be read" in said


def test_code_that_a_person_should_look_at_is_shown(reported):
    _, said, page, _ = reported
    assert "Code to be looked at: sample_hostile\n" in said
    assert "<strong>sample_hostile</strong>: <code>import gc as other</code></li>" in page


def test_the_page_is_clean(reported):
    _, _, page, _ = reported
    assert "Content-Security-Policy" in page and "<script" not in page
    assert "<img" not in page and "&lt;img" in page
    assert not re.search(r"(src|href)=['\"]https?:", page)


def test_without_the_book_there_are_no_links(reported):
    mine, *_ = reported
    book = mine.root / "_build" / "html" / "book"
    book.rename(book.with_name("away"))
    try:
        mine.run("python", "-m", "autograder", "report", STEM)
    finally:
        book.with_name("away").rename(book)
    assert "href" not in (mine.root / "grading" / "reports" / f"{STEM}.html").read_text()


def test_missing_data_is_told(reported):
    mine, *_ = reported
    unknown = mine.run("python", "-m", "autograder", "report", "nine", good=False)
    assert unknown.returncode == 2 and STEM in unknown.stderr
    autograded = mine.root / "grading" / "autograded"
    kept = autograded / "sample_ada" / STEM / f"{STEM}.ipynb"
    text = kept.read_text()
    kept.write_text("{}")
    assert "Left out: sample_ada" in mine.run("python", "-m", "autograder", "report", STEM).stdout
    kept.write_text(text)
    autograded.rename(autograded.with_name("away"))
    try:
        ungraded = mine.run("python", "-m", "autograder", "report", STEM, good=False)
    finally:
        autograded.with_name("away").rename(autograded)
    assert ungraded.returncode == 2 and f"python -m autograder grade {STEM}" in ungraded.stderr
    assert "Traceback" not in ungraded.stderr + unknown.stderr


# the counting itself --------------------------------------------------------------------------


def graded(student: str, **passed: bool | str) -> reporting.Graded:
    """A submission with one check a keyword: passed, failed (False), or failed by a misconception (its name)."""
    verdicts = [
        Verdict("f", name, name.title(), how is True, float(how is True), 1.0, how if isinstance(how, str) else None, "Why.", "p.html#s")
        for name, how in passed.items()
    ]
    return reporting.Graded(student, 1.0, 2.0, None, tuple(verdicts))


def test_a_student_counts_once_for_a_misconception():
    class_of_two = [graded("a", one="ddof-1", two="ddof-1"), graded("b", one=True, two=False)]
    [row] = reporting.misconceptions(class_of_two, exercises.topic(STEM))
    assert row.students == ("a",) and row.percent == 50


def test_checks_say_why_they_failed():
    rows = reporting.checks([graded("a", one="ddof-1"), graded("b", one=False), graded("c", one=True)], "quiz")
    assert rows[0].reasons == (("ddof-1", 1), ("not recognised", 1)) and rows[0].percent == 33


@pytest.mark.parametrize(
    "scores, most, expected",
    [
        ([0, 3.5, 4, 39, 40], 40, {0: 2, 4: 1, 36: 2}),
        ([5], 5, {4: 1}),
        ([-1, 9], 5, {0: 1, 4: 1}),  # a late penalty, extra credit
        ([0], 0, {0: 1}),
        ([2.5, 3], 3, {2: 2}),
    ],
)
def test_every_score_has_a_bar(scores, most, expected):
    bars = reporting.histogram(scores, most)
    assert {bar["from"]: bar["count"] for bar in bars if bar["count"]} == expected
    assert bars[-1]["to"] >= most and len(bars) <= reporting.BARS
