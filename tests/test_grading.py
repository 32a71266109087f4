"""Grading end to end, with the real nbgrader: the command, nbgrader's own commands, bad input."""

import csv
import json
import os
import re
import shutil
import sqlite3
import threading

import nbformat
import pytest

from autograder import exercises, grading, naming
from tests import sample_class
from tests.conftest import Course

STEMS = exercises.stems()


@pytest.fixture(scope="module")
def graded(course):
    """The course after ``python -m autograder grade`` of every assignment, with the JSON results."""
    results = {}
    for stem in STEMS:
        out = course.root / f"{stem}.json"
        course.run("python", "-m", "autograder", "grade", stem, "--json", str(out))
        results[stem] = {row["student"]: row for row in json.loads(out.read_text())}
    return course, results


def released(course, stem):
    return nbformat.read(course.root / "notebooks" / stem / f"{stem}.ipynb", as_version=4)


def test_every_student_has_a_score_and_every_verdict(graded):
    _, results = graded
    for stem in STEMS:
        topic = exercises.topic(stem)
        checks = sum(len(e.checks) for e in topic.exercises) + len(topic.quiz.questions)
        assert set(results[stem]) == set(sample_class.STUDENTS)
        for row in results[stem].values():
            assert len(row["verdicts"]) == checks
            assert set(row["verdicts"][0]) >= {"exercise", "check", "passed", "points", "max_points", "misconception", "hint"}
            assert all(v["passed"] or v["hint"] for v in row["verdicts"])


def test_right_answers_earn_all_but_the_written_points(graded):
    _, results = graded
    for stem in STEMS:
        row = results[stem]["sample_ada"]
        topic = exercises.topic(stem)
        judged = sum(e.max_points for e in topic.exercises) + topic.quiz.max_points
        assert row["score"] == judged < row["max_score"]
        assert [name.partition("_")[0] for name in row["waiting"]] == ["explain"]


def test_mistakes_cost_points_and_are_named(graded):
    _, results = graded
    for stem in STEMS:
        best = results[stem]["sample_ada"]["score"]
        for student in ("sample_bela", "sample_chidi", "sample_emil"):
            row = results[stem][student]
            assert row["score"] < best
            assert any(v["misconception"] for v in row["verdicts"])


def test_bad_submissions_cost_only_what_they_touch(graded):
    course, results = graded
    for stem in STEMS:
        first, *others = [e.name for e in exercises.topic(stem).exercises]
        loop, typo, empty, broken = (results[stem][f"sample_{n}"] for n in ("goran", "hana", "ines", "jonas"))
        for row, words in ((loop, "did not finish"), (typo, "SyntaxError")):
            mine = [v for v in row["verdicts"] if v["exercise"] == first]
            assert not any(v["passed"] for v in mine) and words in mine[0]["hint"]
            assert all(v["passed"] for v in row["verdicts"] if v["exercise"] in others)
        assert empty["score"] == 0 and not empty["problem"] and empty["as_released"] and not typo["as_released"]
        assert broken["score"] == 0 and "not a Jupyter notebook" in broken["problem"]
        assert "not a Jupyter notebook" in course.feedback("sample_jonas", stem)
        assert f'To look at again: <a href="#{first}">' in course.feedback("sample_hana", stem)
        assert course.feedback("sample_hana", stem).count("SyntaxError") == 2, "below the cell and once on its card"


def test_an_unread_answer_is_not_shown_as_zero(graded):
    course, _ = graded
    for stem in STEMS:
        page = course.feedback("sample_ada", stem)
        assert "To look at again" not in page
        assert "points so far" in page and "To be read by your instructor (4 points)" in page


def test_nbgraders_own_commands_give_the_same_scores(graded):
    course, _ = graded
    ours = course.scores()
    for stem in (STEMS[0], STEMS[-1]):  # one in NumPy, one in PyTorch: nbgrader starts anew for each
        course.run("nbgrader", "autograde", stem, "--force")
        course.run("nbgrader", "generate_feedback", stem, "--force")
    assert course.scores() == ours
    page = course.feedback("sample_ada", STEMS[0])
    assert "sample_ada" in page and "To be read by your instructor (4 points)" in page
    course.run("nbgrader", "export", "--to", "grades.csv")
    assert len((course.root / "grades.csv").read_text().splitlines()) == 1 + len(ours)


def test_regrading_gives_the_same_scores(graded):
    course, results = graded
    stem = STEMS[0]
    out = course.root / "again.json"
    course.run("python", "-m", "autograder", "grade", stem, "--json", str(out))
    assert {row["student"]: row for row in json.loads(out.read_text())} == results[stem]


def test_other_recorded_activations_are_another_judge(monkeypatch, tmp_path):
    """What was judged by them is judged again."""
    monkeypatch.setattr(grading, "__file__", str(tmp_path / "grading.py"))
    file = tmp_path / "exercises" / "7_real_model" / "activations.npz"
    file.parent.mkdir(parents=True)
    versions = set()
    for content in (b"some", b"others"):
        file.write_bytes(content)
        versions.add(grading._judge_version("7_real_model", b"a secret"))
    assert len(versions) == 2


def test_a_manual_grade_survives_a_regrade(graded):
    from nbgrader.api import Gradebook

    course, results = graded
    stem = STEMS[0]
    with Gradebook(f"sqlite:///{course.root / 'grading' / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_submission_notebook(stem, stem, "sample_bela")
        written = next(grade for grade in notebook.grades if grade.cell.name.startswith("explain"))
        written.manual_score, written.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    course.run("python", "-m", "autograder", "grade", stem, "--student", "sample_bela")
    assert course.scores()["sample_bela", stem] == results[stem]["sample_bela"]["score"] + 3


def test_an_answer_that_was_read_is_to_be_read_again_only_where_it_changed(graded):
    from nbgrader.api import Gradebook

    course, _ = graded
    stem, student = STEMS[0], "read once"
    notebook = json.loads(course.submitted("sample_bela", stem).read_bytes())
    [written] = (cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("explain"))
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["metadata"]["nbgrader"]["solution"])
    path = course.submitted(student, stem)

    def to_be_read() -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook))
        return "to be read" in course.run("python", "-m", "autograder", "grade", stem, "--student", student).stdout

    assert to_be_read()
    with Gradebook(f"sqlite:///{course.root / 'grading' / 'gradebook.db'}") as gradebook:
        grades = gradebook.find_submission_notebook(stem, stem, student).grades
        grade = next(grade for grade in grades if grade.cell.name.startswith("explain"))
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    code["source"] = "# judged again\n" + "".join(code["source"])
    assert not to_be_read()
    shutil.rmtree(course.root / "grading" / "autograded" / student)
    assert not to_be_read()
    course.run(*NBGRADERS, "--student", student)
    assert not to_be_read()
    written["source"] = "".join(written["source"]) + " And another thought."
    assert to_be_read()
    code["source"] = "# judged a third time, read by nobody yet\n" + code["source"]
    assert to_be_read()


def test_a_time_and_a_due_date_that_come_later_count(graded):
    """Late work, known as such after it was graded; its author's name has a comma, and the table of scores holds."""
    course, results = graded
    stem, student = STEMS[0], "Klein, Mia"
    path = course.submitted(student, stem)
    path.write_bytes(course.submitted("sample_bela", stem).read_bytes())
    grade = ("python", "-m", "autograder", "grade", stem, "--student", student, "--json", "deep/late.json")
    configuration = course.root / "nbgrader_config.py"
    before = configuration.read_text()
    configuration.write_text(before + 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    course.run("nbgrader", "db", "assignment", "add", stem, "--duedate", "2026-03-01 12:00 UTC")
    try:
        assert "points off" not in course.run(*grade).stdout
        path.with_name("timestamp.txt").write_text("2026-03-01 12:30 UTC\n")
        full = results[stem]["sample_bela"]["score"]
        assert "The written answer is still to be read, and can add to this." in course.feedback(student, stem)
        assert f"late: {full:g} points off" in course.run(*grade).stdout
        page = course.feedback(student, stem)
        assert "The written answer is still to be read.<" in page and "can add" not in page and "points so far" not in page
        course.run("nbgrader", "export", "--to", "late.csv", "--assignment", stem)
        path.with_name("timestamp.txt").write_text("2026-03-01 12:59 +0100\n")
        assert "points off" not in course.run(*grade).stdout
        path.with_name("timestamp.txt").write_text("on Sunday\n")
        assert "its timestamp.txt says no time that can be read" in course.run(*grade).stdout
        path.with_name("timestamp.txt").unlink()
        assert "points off" not in course.run(*grade).stdout
    finally:
        configuration.write_text(before)
    with open(course.root / "late.csv", encoding="utf-8", newline="") as file:
        [row] = [row for row in csv.DictReader(file) if row["student_id"] == student]
    assert row["timestamp"] == "2026-03-01 12:30:00" and float(row["raw_score"]) == full and float(row["score"]) == 0


def test_feedback_is_clean(graded):
    course, _ = graded
    for stem in STEMS:
        for student in sample_class.STUDENTS:
            page = course.feedback(student, stem)
            assert "Content-Security-Policy" in page and "<script" not in page
            assert not re.search(r"(src|href)=['\"]https?:", page)


def test_formgraders_copy_holds_no_students_metadata(graded):
    course, _ = graded
    stem = STEMS[0]
    kept = nbformat.read(course.root / "grading" / "autograded" / "sample_ada" / stem / f"{stem}.ipynb", as_version=4)
    source = nbformat.read(course.root / "solutions" / stem / f"{stem}.ipynb", as_version=4)
    for ours, theirs in zip(source.cells, kept.cells, strict=True):
        marks = dict(theirs.metadata.get("nbgrader", {}))
        marks.pop("checksum", None)
        assert marks == ours.metadata.get("nbgrader", {})


WRONG_RETURNS = {
    "None": "return None",
    "a list": "return [1.0, 2.0]",
    "three things": "return 1.0, 2.0, 3.0",
    "another shape": "return np.zeros((3, 1, 7))",
    "NaN": "return np.full_like(np.asarray(args[-1], dtype=float), np.nan)",
    "an object array": "return np.array([object()])",
    "a string": "return 'done'",
    "an exception": "raise KeyError('sigma')",
}


@pytest.mark.parametrize("stem", STEMS[:2])
def test_wrong_returns_are_told(graded, stem):
    """One student for each wrong return, all graded in one run."""
    course, results = graded
    first = exercises.topic(stem).exercises[0].name
    for what, body in WRONG_RETURNS.items():
        notebook = released(course, stem)
        sample_class.solve(notebook, stem)
        sample_class.answer(notebook, first, f"def {first}(*args, **kwargs):\n    {body}\n")
        course.submitted(f"odd {what}", stem).write_text(nbformat.writes(notebook))
    out = course.root / "odd.json"
    course.run("python", "-m", "autograder", "grade", stem, "--student", "odd *", "--json", str(out))
    rows = json.loads(out.read_text())
    assert len(rows) == len(WRONG_RETURNS)
    for row in rows:
        mine = [v for v in row["verdicts"] if v["exercise"] == first]
        assert not any(v["passed"] for v in mine) and all(v["hint"] for v in mine), row["student"]
        assert row["score"] == results[stem]["sample_ada"]["score"] - sum(v["max_points"] for v in mine), row["student"]


def test_missing_things_are_told(graded):
    course, _ = graded
    stem = STEMS[0]
    (course.root / "grading" / "submitted" / "no_folder").mkdir()
    other_name = course.submitted("other_name", stem)
    other_name.with_name("Untitled.ipynb").write_text("{}")
    no_cell = released(course, stem)
    sample_class.solve(no_cell, stem)
    second = exercises.topic(stem).exercises[1].name
    place = next(i for i, c in enumerate(no_cell.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == second)
    del no_cell.cells[place - 1 : place + 1]
    course.submitted("no_cell", stem).write_text(nbformat.writes(no_cell))
    course.submitted("no_cell", stem).with_stem(f"{stem}-1").write_text("{}")
    wrong, broken = "def z_scores(x):\n    return x\n", "def z_scores(x):\n    return (x\n"
    for name in ("not_its_own", "not_below"):  # what Python can't read came after a definition that it can read
        notebook = released(course, stem)
        sample_class.solve(notebook, stem)
        sample_class.answer(notebook, "z_scores", broken if name == "not_its_own" else wrong)
        own = next(i for i, c in enumerate(notebook.cells) if c.source in (broken, wrong))
        if name == "not_its_own":
            sample_class.answer(notebook, "standard_deviation", wrong + "def standard_deviation(x): return 0.0")
        else:
            notebook.cells.insert(own + 1, nbformat.v4.new_code_cell(broken))
        prediction = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "prediction_twice")
        prediction.source = "about twice as large"  # so is this, and it is nobody's definition
        sample_class.answer(notebook, "z_scores_by_row", "def z_scores_by_row(x):\n    return x\n")
        course.submitted(name, stem).write_text(nbformat.writes(notebook))
    out = course.root / "missing.json"
    table = course.run("python", "-m", "autograder", "grade", stem, "--student", "[no][ot]*", "--json", str(out)).stdout
    assert re.findall("^(\\w+) .*beside it, not graded: (.*)$", table, re.MULTILINE) == [("no_cell", f"{stem}-1.ipynb")]
    rows = {row["student"]: row for row in json.loads(out.read_text())}
    assert "Nothing was handed in" in rows["no_folder"]["problem"]
    assert "rename it" in rows["other_name"]["problem"]
    assert "not defined" in next(v["hint"] for v in rows["no_cell"]["verdicts"] if v["exercise"] == second)
    assert rows["no_cell"]["score"] > 0
    for name, where in (("not_its_own", "the exercise's own cell"), ("not_below", "the one in the cell below it")):
        hints = [v["hint"] for v in rows[name]["verdicts"] if v["exercise"] == "z_scores"]
        assert all(f"about an earlier definition: Python can't read {where} (SyntaxError)" in hint for hint in hints), name
    assert not any("earlier definition" in v["hint"] for name in rows for v in rows[name]["verdicts"] if v["exercise"] != "z_scores")


def test_judge_takes_many_files_and_one_bad_file_stops_none(course, tmp_path):
    good = sorted((sample_class.IMPLEMENTATIONS / STEMS[0] / "z_scores" / "right").glob("*.py"))
    bad = {"binary.py": b"\xff\x00\xfe", "typo.py": b"def z_scores(:", "empty.py": b"", "exit.py": b"import os; os._exit(0)"}
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    files = [str(p) for p in (*good[:2], *(tmp_path / n for n in bad), tmp_path / "nowhere.py", *good[2:])]
    out = tmp_path / "out.json"
    course.run("python", "-m", "autograder", "judge", "z_scores", *files, "--json", str(out))
    rows = json.loads(out.read_text())
    assert [row["file"] for row in rows] == files
    for row in rows:
        assert row["score"] == (row["max_score"] if row["file"] in map(str, good) else 0)
        assert set(row) == {"file", "score", "max_score", "verdicts"}


def test_without_bubblewrap_only_trusted_submissions_are_run(course):
    right = sorted((sample_class.IMPLEMENTATIONS / STEMS[0] / "z_scores" / "right").glob("*.py"))[0]
    command = ("python", "-m", "autograder", "judge", "z_scores", str(right))
    refused = course.run(*command, good=False, PATH="/nonexistent")
    assert refused.returncode == 2 and "bubblewrap is not installed" in refused.stderr and not refused.stdout
    assert ": 9 of 9\n" in course.run(*command, "--trust-submissions", PATH="/nonexistent").stdout


def test_a_file_that_can_not_be_written_is_said_in_one_line(course):
    right = sorted((sample_class.IMPLEMENTATIONS / STEMS[0] / "z_scores" / "right").glob("*.py"))[0]
    for command in (("judge", "z_scores", str(right)), ("grade", STEMS[0], "--student", "sample_ines")):
        done = course.run("python", "-m", "autograder", *command, "--json", "/proc/nowhere/out.json", good=False)
        assert done.returncode == 2 and "/proc/nowhere" in done.stderr and "Traceback" not in done.stderr


# bad situations: one sentence that says what to do, and nothing lost -----------------------------


def kept(course):
    """What grading has left: the gradebook's scores, and every file with its text."""
    rooms = (course.root / "grading" / room for room in ("autograded", "feedback"))
    files = (path for room in rooms for path in room.rglob("*") if path.is_file())
    return course.scores(), {str(path): path.read_text() for path in files}


def said(done) -> str:
    """Return what a command that failed said, without its progress and nbgrader's notes; no traceback is among it."""
    assert done.returncode != 0 and "Traceback" not in done.stderr, done.stderr[-3000:]
    lines = [line.rpartition("\r")[2] for line in done.stderr.splitlines()]
    return "\n".join(line for line in lines if line and not re.search("INFO|WARNING", line) and "submission/s" not in line)


OURS = ("python", "-m", "autograder", "grade", STEMS[0])
NBGRADERS = ("nbgrader", "autograde", STEMS[0], "--force")
BOTH = pytest.mark.parametrize("command", [OURS, NBGRADERS], ids=["ours", "nbgrader's"])


@BOTH
def test_a_refused_name_is_said_in_a_sentence_and_the_others_are_graded(graded, command):
    course, results = graded
    folders = [course.submitted(name, STEMS[0]) for name in ("bad <b>", "bad Ann")]
    for path in folders:
        path.write_bytes(course.submitted("sample_ada", STEMS[0]).read_bytes())
    try:
        text = said(course.run(*command, "--student", "bad *", good=False))
    finally:
        for path in folders:
            shutil.rmtree(path.parent.parent)
    assert len(re.findall("bad <b> was not graded: .*rename it", text)) == 1 and "Ann was not" not in text
    scores = course.scores()
    assert scores["bad Ann", STEMS[0]] == results[STEMS[0]]["sample_ada"]["score"] and ("bad <b>", STEMS[0]) not in scores


def test_formgraders_button_says_it_in_a_sentence_too(graded):
    course, _ = graded
    code = f"""
from autograder import course
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
config = course.nbgrader_config()
api = NbGraderAPI(coursedir=CourseDirectory(config=config), config=config)
print(api.autograde({STEMS[0]!r}, "<b>"))
print(api.autograde({STEMS[0]!r}, "sample_ada")["success"])
"""
    refused, good = course.run("python", "-c", code).stdout.splitlines()[-2:]
    assert "rename it" in refused and "'success': False" in refused and "Traceback" not in refused and good == "True"


@BOTH
def test_a_locked_gradebook_is_said_in_a_sentence(graded, command):
    course, _ = graded
    before = kept(course)
    other = sqlite3.connect(course.root / "grading" / "gradebook.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        text = said(course.run(*command, "--student", "sample_[ab]*", good=False))
    finally:
        other.close()
    assert len(text.splitlines()) == 1 and "Another program is writing to it" in text and "run the same command again" in text
    assert kept(course) == before


@BOTH
def test_a_gradebook_that_can_only_be_read_takes_nothing_away(graded, command):
    course, _ = graded
    before = kept(course)
    here = course.root / "grading" / "gradebook.db"
    text = said(course.run(*command, "--student", "sample_[ab]*", good=False, COURSE_DB_URL=f"sqlite:///file:{here}?mode=ro&uri=true"))
    assert len(text.splitlines()) == 1 and "readonly database. It, or its folder, is not yours to write" in text
    assert kept(course) == before


@BOTH
def test_a_notebook_by_another_name_has_no_points_and_is_told(graded, command):
    course, _ = graded
    path, student = course.submitted("renamed", STEMS[0]), ("--student", "renamed")
    path.write_bytes(course.submitted("sample_ada", STEMS[0]).read_bytes())
    course.run(*command, *student)
    assert course.scores()["renamed", STEMS[0]] > 0
    path.rename(path.with_stem("mine (2)"))
    course.run(*command, *student)
    course.run("nbgrader", "generate_feedback", STEMS[0], "--force", *student)
    try:
        assert course.scores()["renamed", STEMS[0]] == 0 and "but mine (2).ipynb: rename it" in course.feedback("renamed", STEMS[0])
    finally:
        shutil.rmtree(path.parent.parent)


@BOTH
def test_cells_that_came_after_the_release_are_said_in_a_sentence(graded, command):
    """As after an update of the course in the middle of a term; nbgrader adds no cell where there are submissions."""
    course, _ = graded
    before = kept(course)
    source = course.root / "solutions" / STEMS[0] / f"{STEMS[0]}.ipynb"
    text = source.read_text()
    notebook = json.loads(text)
    written = next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("explain"))
    another = json.loads(json.dumps(written)) | {"id": "another"}
    another["metadata"]["nbgrader"]["grade_id"] = "explain_more"
    notebook["cells"].append(another)
    source.write_text(json.dumps(notebook))
    try:
        told = said(course.run(*command, "--student", "sample_ada", good=False))
        release = said(course.run("python", "-m", "autograder", "release", good=False))
    finally:
        source.write_text(text)
    assert "the gradebook does not know: explain_more. Release it again" in told and kept(course) == before
    assert "Cannot add or remove cells" in release and len(release.splitlines()) == 2


def test_points_that_were_changed_in_one_place_are_said_in_a_sentence(graded):
    """As by nbgrader's tool for the points of a cell: what its checks give adds up to the old ones."""
    course, _ = graded
    before = kept(course)
    source = course.root / "solutions" / STEMS[0] / f"{STEMS[0]}.ipynb"
    text = source.read_text()
    notebook = json.loads(text)
    [marks] = (m for cell in notebook["cells"] if (m := cell["metadata"].get("nbgrader", {})).get("grade_id") == "z_scores")
    marks["points"] += 3
    source.write_text(json.dumps(notebook))
    try:
        told = [said(course.run(*way, good=False)) for way in (OURS, ("python", "-m", "autograder", "release"))]
        marks["points"] -= 3
        [written] = (m for cell in notebook["cells"] if (m := cell["metadata"].get("nbgrader", {})).get("grade_id", "").startswith("explain"))
        written["points"] += 1
        source.write_text(json.dumps(notebook))
        other = said(course.run(*OURS, good=False))
    finally:
        source.write_text(text)
    assert all("z_scores has 12 points in" in text and "its checks have 9 in" in text for text in told)
    assert "other points than the gradebook knows: explain_z_scores. Release it again" in other and kept(course) == before


def test_why_a_release_failed_is_said(course, tmp_path):
    mine = course.copy(tmp_path / "course", "grading")
    source = mine.root / "solutions" / STEMS[0] / f"{STEMS[0]}.ipynb"
    source.write_text(source.read_text().replace("### END SOLUTION", "", 1))
    text = said(mine.run("python", "-m", "autograder", "release", good=False))
    assert "No end solution statement found. Cell contents are" in text and text.endswith("no end solution statement found")
    assert (mine.root / "notebooks" / STEMS[0] / f"{STEMS[0]}.ipynb").exists(), "what students have stays until there is something better"


def test_nbgraders_own_release_is_whole_and_searched_for_leaks(course, tmp_path):
    """With the folder that is a link, too; and what would give something away leaves the release of before as it was."""
    mine = course.copy(tmp_path / "course")
    here = mine.root / "solutions" / "7_real_model" / "real_models"
    here.symlink_to(here.rename(tmp_path / "real_models"))
    generate = ("nbgrader", "generate_assignment", "7_real_model", "--force")
    mine.run(*generate)
    folder = mine.root / "notebooks" / "7_real_model"
    assert (folder / "real_models" / "minilm.py").exists()
    before = (folder / "checks.py").read_text()
    with open(mine.root / "solutions" / "7_real_model" / "checks.py", "a") as file:
        file.write("# ### BEGIN SOLUTION\n")
    assert "7_real_model/checks.py: a marker" in said(mine.run(*generate, good=False))
    assert (folder / "checks.py").read_text() == before and not (folder.parent / ".release").exists()


def test_a_disk_that_fills_up_ends_the_run_and_the_same_command_goes_on(graded):
    course, results = graded
    for path in (course.root / "grading" / "autograded").glob(f"sample_*/{STEMS[0]}/{STEMS[0]}.ipynb"):
        path.unlink()
    code = f"""
import errno, sys
from autograder import __main__, pages
written = pages.written
def full(path, text):
    if "sample_chidi" in str(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    return written(path, text)
pages.written = full
sys.exit(__main__.main(["grade", {STEMS[0]!r}, "--student", "sample_*", "--workers", "1"]))
"""
    before, his, handed = course.scores(), course.submitted("sample_chidi", STEMS[0]), course.submitted("sample_ada", STEMS[0])
    first = his.read_bytes()
    his.write_bytes(handed.read_bytes())
    try:
        text = said(course.run("python", "-c", code, good=False))
    finally:
        his.write_bytes(first)
    assert course.scores() == before, "what was judged could not be noted, so it is not in the gradebook either"
    assert re.search(r"\d of 10 are graded and stay so", text)  # how many results came before chidi's is the machine's affair
    assert "No space left on device. Make room, then run the same command again." in text
    out = course.root / "full.json"
    course.run(*OURS, "--student", "sample_*", "--json", str(out))
    assert {row["student"]: row["verdicts"] for row in json.loads(out.read_text())} == {s: r["verdicts"] for s, r in results[STEMS[0]].items()}


def test_a_pipe_among_the_notes_of_what_was_judged_is_not_waited_for(tmp_path):
    from autograder import recording

    os.mkfifo(tmp_path / "pipe")
    found = []
    reading = threading.Thread(target=lambda: found.append(recording._digests_in(tmp_path / "pipe")), daemon=True)
    reading.start()
    reading.join(5)
    assert found == [{}]


def test_a_release_that_can_not_be_written_is_said(tmp_path, monkeypatch):
    from autograder import releasing

    (tmp_path / ".release").symlink_to(tmp_path)
    monkeypatch.setattr(releasing.course, "NOTEBOOKS", tmp_path)
    with pytest.raises(releasing.ReleaseFailed, match="can't be written: File exists: .*release"), releasing.aside():
        pass


@pytest.mark.parametrize("what", ["the disk", "the gradebook"])
def test_nbgraders_command_says_in_a_sentence_that_the_disk_filled_up_and_goes_on(graded, what):
    course, _ = graded
    before = course.scores()
    code = f"""
import errno, sqlite3, sys
from nbgrader.apps import NbGraderApp
from nbgrader.converters import base
from sqlalchemy.exc import OperationalError
write = base.FilesWriter.write
def full(writer, output, resources, **kwargs):
    if "sample_chidi" in writer.build_directory and {what!r} == "the disk":
        raise OSError(errno.ENOSPC, "No space left on device")
    if "sample_chidi" in writer.build_directory:
        raise OperationalError("UPDATE", {{}}, sqlite3.OperationalError("database or disk is full"))
    return write(writer, output, resources, **kwargs)
base.FilesWriter.write = full
NbGraderApp.launch_instance(["autograde", {STEMS[0]!r}, "--force", "--student", "sample_chidi"])
"""
    text = said(course.run("python", "-c", code, good=False))
    wanted = "can't be written: (No space left on device|database or disk is full). Make room, then run the same command again."
    assert len(re.findall(wanted, text)) == 1, text
    left = course.root / "grading" / "autograded" / "sample_chidi" / STEMS[0]
    assert not left.exists()
    course.run("nbgrader", "autograde", STEMS[0], "--student", "sample_chidi")
    assert left.exists() and course.scores() == before


def test_a_place_that_can_not_be_written_is_one_students_trouble(graded):
    course, _ = graded
    for name in ("place_a", "place_b"):
        course.submitted(name, STEMS[0]).write_bytes(course.submitted("sample_ada", STEMS[0]).read_bytes())
    (course.root / "grading" / "feedback" / "place_a").write_text("in the way")
    done = course.run(*OURS, "--student", "place_*", good=False)
    assert re.search("^place_a was not graded: Not a directory: .*place_a", said(done), re.MULTILINE)
    assert re.search("^place_a  .*  –  Not a directory", done.stdout, re.MULTILINE) and "place_b was not" not in done.stderr
    assert course.feedback("place_b", STEMS[0])


@BOTH
def test_what_is_not_released_is_said_in_a_sentence(graded, command):
    course, _ = graded
    before = kept(course)
    notebooks = course.root / "notebooks"
    notebooks.rename(notebooks.with_name("away"))
    try:
        text = said(course.run(*command, "--student", "sample_ada", good=False))
    finally:
        notebooks.with_name("away").rename(notebooks)
    assert "Release it first: python -m autograder release" in text and kept(course) == before


@pytest.mark.parametrize("url", ["sqlite:////nowhere/gradebook.db", "postgresql://me:x@127.0.0.1:1/none"])
def test_a_wrong_address_of_the_gradebook_is_said_and_takes_nothing_away(graded, url):
    course, _ = graded
    before = kept(course)
    release = ("python", "-m", "autograder", "release")
    feedback = ("nbgrader", "generate_feedback", STEMS[0], "--force")
    for command in ((*OURS, "--student", "sample_ada"), (*NBGRADERS, "--student", "sample_ada"), release, feedback, ("nbgrader", "export")):
        text = said(course.run(*command, good=False, COURSE_DB_URL=url))
        assert len(text.splitlines()) == 1 and re.search("The gradebook can't be (opened|used)", text) and "run the same command again" in text
    assert kept(course) == before and (course.root / "notebooks" / STEMS[0] / f"{STEMS[0]}.ipynb").exists()


def test_a_driver_that_is_not_installed_is_said():
    """By nbgrader's own commands, which raise what SQLAlchemy raises."""
    from nbgrader.api import Gradebook

    from autograder import recording

    with pytest.raises(ImportError) as raised:
        Gradebook("mysql://me@localhost/none")
    assert "No module named 'MySQLdb'. Look at COURSE_DB_URL" in recording.why_of_gradebook(raised.value)
    assert recording.why_of_gradebook(ImportError("No module named 'MySQLdb'")) is None


def test_the_table_is_straight_whatever_the_script_of_a_name():
    with grading.Tally() as tally:
        for student in ("mia", "李雷", "Zoe\u0308"):
            tally.add(grading.Result(student, STEMS[0], 3, 9))
        lines = tally.table().splitlines()
    starts = {naming.columns(line[: line.index("3/9")]) for line in lines[1:]}
    assert len(starts) == 1


def test_a_long_name_beside_a_notebook_cuts_nothing_that_is_to_be_done():
    with grading.Tally() as tally:
        tally.add(grading.Result("mia", STEMS[0], worth_reading=("os",), beside=("long " * 40,)))
        assert "code to be looked at" in tally.table()


def test_what_is_no_folder_is_named(graded):
    course, _ = graded
    submitted = course.root / "grading" / "submitted"
    (submitted / "odd_link").symlink_to(submitted / "sample_ada")
    (submitted / "odd_file.zip").write_text("x")
    course.submitted("odd_student", STEMS[0]).write_bytes(b"")
    try:
        done = course.run(*OURS, "--student", "odd_*")
    finally:
        (submitted / "odd_link").unlink()
        (submitted / "odd_file.zip").unlink()
    assert "no ordinary folders: odd_file.zip, odd_link" in done.stderr and "The file is empty" in done.stdout


def test_an_assignment_may_be_named_by_its_folder_or_file(graded):
    course, _ = graded
    for name in (f"{STEMS[0]}/", f"notebooks/{STEMS[0]}", f"solutions/{STEMS[0]}/{STEMS[0]}.ipynb"):
        course.run("python", "-m", "autograder", "grade", name, "--student", "sample_ada")
        course.run("python", "-m", "autograder", "report", name)


def test_unknown_names_are_answered_with_the_known_ones(course):
    done = course.run("python", "-m", "autograder", "grade", "nine", good=False)
    assert done.returncode == 2 and "1_z_scores" in done.stderr and "Traceback" not in done.stderr
    done = course.run("python", "-m", "autograder", "judge", "nine", "x.py", good=False)
    assert done.returncode == 2 and "standard_deviation" in done.stderr and "Traceback" not in done.stderr
    done = course.run("python", "-m", "autograder", "grade", STEMS[0], "--student", "a/b", good=False)
    assert done.returncode == 2 and "No student matches" in done.stderr


def test_without_our_configuration_nothing_is_earned(course, tmp_path):
    """Stock nbgrader, run on the same sources by mistake, gives no marks and says what is missing."""
    stem = STEMS[0]
    for room in ("source", "submitted/ada"):
        (tmp_path / room / stem).mkdir(parents=True)
    for path in (course.root / "solutions" / stem).iterdir():
        if path.is_file():
            (tmp_path / "source" / stem / path.name).write_bytes(path.read_bytes())
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\nc.ClearMarkScheme.enforce_metadata = False\n")
    notebook = released(course, stem)
    sample_class.solve(notebook, stem)
    (tmp_path / "submitted" / "ada" / stem / f"{stem}.ipynb").write_text(nbformat.writes(notebook))
    stock = Course(tmp_path)
    stock.run("nbgrader", "generate_assignment", stem)
    stock.run("nbgrader", "autograde", stem)
    kept = nbformat.read(tmp_path / "autograded" / "ada" / stem / f"{stem}.ipynb", as_version=4)
    judged = [c for c in kept.cells if c.metadata.get("nbgrader", {}).get("grade") and c.cell_type == "code"]
    for cell in judged:
        assert any(o.output_type == "error" and "nbgrader_config.py" in o.evalue for o in cell.outputs), cell.outputs
