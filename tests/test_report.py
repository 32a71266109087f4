"""The class report: what it counts, what it says of missing data, and that its page is clean."""

import csv
import re
import shutil
import statistics

import nbformat
import pytest

from autograder import exercises, python_errors, reporting
from autograder.exercise import Verdict
from tests import sample_class

STEM = exercises.stems()[0]


@pytest.fixture(scope="module")
def reported(course, tmp_path_factory):
    """A copy of the course with its first assignment graded and reported; the page and the table's rows."""
    mine = course.copy(tmp_path_factory.mktemp("report") / "course", "autograded", "feedback", "reports", "gradebook.db")
    for folder in (mine.root / "grading" / "submitted").iterdir():
        if not folder.name.startswith("sample_"):  # of another test
            shutil.rmtree(folder)
    mine.run("python", "-m", "autograder", "release")
    notebook = nbformat.read(mine.root / "notebooks" / STEM / f"{STEM}.ipynb", as_version=4)
    sample_class.solve(notebook, STEM)
    quiz = exercises.topic(STEM).quiz
    answers = {q.name: "<img src=x>" for q in quiz.questions}
    sample_class.answer(notebook, quiz.name, f"import gc as other  # <b>\n{quiz.variable} = {answers}")
    mine.submitted("sample_hostile", STEM).write_text(nbformat.writes(notebook))
    mine.submitted("sample_nothing", STEM)
    mine.submitted("sample_later", STEM)
    (mine.root / "students.csv").write_text("id,last_name,first_name,email\nsample_absent,Absent,Ann,\n")
    mine.run("nbgrader", "db", "student", "import", "students.csv")
    mine.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_*")
    mine.submitted("sample_late", STEM)
    mine.submitted("sample_later", STEM).write_text("{}")
    done = mine.run("python", "-m", "autograder", "report", STEM)
    reports = mine.root / "grading" / "reports"
    page = (reports / f"{STEM}.html").read_text()
    rows = list(csv.DictReader((reports / f"{STEM}.csv").open(newline="")))
    return mine, done.stdout, page, rows


# Without Ines, who left the notebook as it was, and Jonas, whose upload broke off; with the hostile one.
COUNTED = len(sample_class.STUDENTS) - 2 + 1


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
    assert {row["of"] for row in found} == {str(COUNTED)}
    assert page.count('class="bar"') == len(rows)
    for row in found:
        assert len(row["who"].split("; ") if row["who"] else []) == COUNTED - int(row["students"])


def test_misconceptions_come_with_hint_and_section_the_most_frequent_first(reported):
    _, _, page, rows = reported
    found = in_table(rows, "misconception")
    assert found
    errors = {meaning.name: (meaning.hint, meaning.section) for meaning in python_errors.MEANINGS}
    assert [int(row["students"]) for row in found] == sorted((int(row["students"]) for row in found), reverse=True)
    for row in found:
        if row["name"] in errors:  # what it means does not depend on the exercise
            assert (row["hint"], row["section"]) == errors[row["name"]]
        else:
            known = [e.misconceptions[row["name"]] for e in exercises.topic(STEM).exercises if e.name in row["exercise"].split(", ")]
            assert (row["hint"], row["section"]) in [(m.hint, f"{STEM}.html#{m.section}") for m in known]
        assert f'href="../../_build/html/book/{row["section"]}"' in page


def test_who_handed_in_nothing_is_told_and_distorts_no_figure(reported):
    mine, said, page, _ = reported
    left_out = {"sample_ines", "sample_jonas", "sample_nothing", "sample_later"}
    scores = [s for (name, stem), s in mine.scores().items() if stem == STEM and name.startswith("sample_") and name not in left_out]
    assert len(scores) == COUNTED and min(scores) > 0
    students = COUNTED + 4  # Ines, Jonas, who handed in nothing, who is absent
    assert f"{COUNTED} of {students} students handed in work that can be read" in page
    assert f"{COUNTED} of {students} students handed in work that can be read: median {statistics.median(scores):g} of" in said
    assert f"Half of them have {statistics.median(scores):g} of" in page
    counts = re.search(r'aria-label="Histogram of scores\. ([^"]*)"', page)[1]
    assert sum(int(n) for n in re.findall(r": (\d+)\.", counts)) == len(scores)


def test_what_is_left_to_do_is_told_with_names(reported):
    _, said, page, _ = reported
    text = re.sub("<[^>]*>|\\s+", " ", page)
    to_do = re.sub(" +", " ", text[text.index("To do") :])
    assert "2 handed in nothing. Ask them; until then they have 0 points. Who sample_absent, sample_nothing 1 handed" in to_do
    assert "Nothing handed in: sample_absent, sample_nothing\n" in said
    assert "1 handed in the notebook as it was given out: the wrong copy, or nothing done. Ask this student. Who sample_ines" in to_do
    assert "1 handed in what could not be read, and has 0 points." in to_do and "sample_jonas : The file is not a Jupyter notebook" in to_do
    assert "2 are left out of this report. Grade again. sample_late: handed in, not graded yet sample_later: handed in, not" in to_do
    written = COUNTED
    held = len(exercises.topic(STEM).exercises)  # of the hostile one, whose code is to be looked at
    assert f"{written} to be read" in to_do and f"{written + held} answers wait to be read" in said


def test_what_to_teach_again_comes_first(reported):
    _, said, page, rows = reported
    assert page.index("To teach again") < page.index("To do") < page.index("<h2>Scores")
    first = re.search(r'<ol>\s*<li><a href="[^"]*/book/([^"]*)">([^<]*)</a>: \d+ % <span class="aside">\((\d+) of (\d+); (.*?)\)', page)
    section, heading, students, of, reasons = first.groups()
    leads = [row for row in rows if row["section"] == section and row["table"] in ("misconception", "wrong answer")]
    assert of == str(COUNTED) and int(students) == len({name for row in leads for name in row["who"].split("; ")})
    assert {reason.removeprefix("question ") for reason in reasons.split(", ")} == {row["name"] for row in leads}
    assert f"Teach again: {heading}" in said.replace("&#39;", "'")


def test_a_question_of_the_quiz_is_shown_with_the_answer_taken(reported):
    _, _, page, rows = reported
    question = exercises.topic(STEM).quiz.questions[0]
    [row] = [r for r in in_table(rows, "wrong answer") if r["hint"] == next(iter(question.why.values())) and r["name"] == question.name]
    assert row["title"].startswith("Question q1: You add 10 points to every score.") and row["title"].endswith("? – a) it grows by 10")
    assert row["title"] in page


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
    page = (mine.root / "grading" / "reports" / f"{STEM}.html").read_text()
    assert "To teach again" in page and not re.search('href="(?!#)', page)


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


def test_each_of_two_mistakes_at_once_counts():
    both = Verdict("f", "one", "One", False, 0.0, 1.0, "ddof-1", "Why.", "p.html#s", second="no-root", second_section="p.html#r")
    graded_twice = [reporting.Graded(student, 1.0, 2.0, None, (both,)) for student in "ab"]
    rows = reporting.misconceptions(graded_twice, exercises.topic(STEM))
    assert {(row.name, row.section, row.percent) for row in rows} == {("ddof-1", "p.html#s", 100), ("no-root", "p.html#r", 100)}
    assert {row.section for row in reporting.to_teach(graded_twice, "quiz")} == {"p.html#s", "p.html#r"}
    assert reporting.checks(graded_twice, "quiz", {})[0].reasons == (("ddof-1 and no-root", 2),)


@pytest.mark.parametrize(("part", "whole", "expected"), [(1, 8, 13), (3, 8, 38), (1, 3, 33), (2, 3, 67), (1, 200, 1), (0, 5, 0), (5, 5, 100)])
def test_half_a_percent_is_rounded_up(part, whole, expected):
    assert reporting.percent(part, whole) == expected
    assert reporting.Row("f", "one", "One", tuple("abcde"[:part]), whole).percent == expected


def test_checks_say_why_they_failed():
    rows = reporting.checks([graded("a", one="ddof-1"), graded("b", one=False), graded("c", one=True)], "quiz", {})
    assert rows[0].reasons == (("ddof-1", 1), ("not recognised", 1)) and rows[0].percent == 33
    assert rows[0].students == ("c",) and rows[0].who == ("a", "b")


def test_a_section_is_taught_again_for_all_that_leads_to_it():
    rows = reporting.to_teach([graded("a", one="ddof-1"), graded("b", one="other", two="ddof-1"), graded("c", one=False)], "quiz")
    assert [(row.students, row.name, row.section) for row in rows] == [(("a", "b"), "ddof-1, other", "p.html#s")]
    assert not reporting.to_teach([graded("a", one="ddof-1"), graded("b", one=True)], "quiz"), "one student is not the class"


def test_nobody_whose_work_counts_makes_a_report_all_the_same(reported):
    mine, *_ = reported
    code = f"""
from autograder import reporting
nobody = reporting.Graded("a", 0.0, 4.0, "unreadable", ())
report = reporting.Report({STEM!r}, (nobody,), (), (), (), None, (), (), (), ())
print(reporting.in_words(report))
print(reporting.as_html(report), reporting.as_csv(report))
"""
    said = mine.run("python", "-c", code).stdout
    assert said.startswith("0 of 1 students handed in work that can be read\nCould not be read: a\n") and "Histogram" not in said


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
