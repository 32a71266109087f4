"""Grades the submissions of an assignment: judged side by side, recorded one by one."""

import copy
import fnmatch
import functools
import hashlib
import textwrap
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import nbgrader.api
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, GetGrades
from nbformat import NotebookNode
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder import course, feedback, pages, submission
from autograder.crew import Crew
from autograder.limits import CONFIGURED, Limits
from autograder.nbgrader_seams import SaveVerdicts
from autograder.notebook_judge import judge_notebook


# One engine a database: SQLAlchemy compiles each of nbgrader's statements once, not at every opening.
nbgrader.api.create_engine = functools.cache(nbgrader.api.create_engine)
# nbgrader 0.9 adds rows in an order that SQLAlchemy 2.1 remarks on; nothing is lost by it.
warnings.filterwarnings("ignore", category=SAWarning)


class CannotGrade(Exception):
    """Grading can't start; the message says what to do."""


@dataclass(frozen=True)
class Result:
    """How one submission ended. ``error`` is set when it could not be judged or recorded at all."""

    student: str
    assignment: str
    score: float = 0.0
    max_score: float = 0.0
    needs_manual_grade: bool = False
    problem: str | None = None
    verdicts: tuple[dict, ...] = ()
    error: str | None = None

    def as_json(self) -> dict:
        rows = [{k: v for k, v in row.items() if k not in ("title", "message")} for row in self.verdicts]
        return {**self.__dict__, "verdicts": rows}


def students(stem: str, pattern: str = "*") -> list[str]:
    """Return the students to grade: every folder of ``submitted/`` that matches. Raises CannotGrade."""
    if not course.SUBMITTED.is_dir():
        raise CannotGrade(f"There is no folder {course.SUBMITTED}. Collect submissions first: <student>/{stem}/{stem}.ipynb")
    names = [p.name for p in course.SUBMITTED.iterdir() if p.is_dir() and not p.is_symlink() and p.name[0] != "."]
    chosen = sorted(fnmatch.filter(names, pattern))
    if not chosen:
        raise CannotGrade(f"No student matches {pattern!r} in {course.SUBMITTED} ({len(names)} folders).")
    return chosen


def grade(stem: str, names: list[str], config: Config, crew: Crew) -> Iterable[Result]:
    """Judge submissions on a crew and yield each result once it stands in the gradebook.

    A submission that was graded before by the same judge, and has not changed, is not judged again.
    Raises CannotGrade.
    """
    with _gradebook(config) as gradebook:
        try:
            gradebook.find_notebook(stem, stem)
        except MissingEntry:
            raise CannotGrade(f"{stem} is not in the gradebook yet. Release it first: python -m autograder release") from None
    secret = course.secret()
    judge = _judge_version(stem, secret)
    todo = []
    for name in names:
        try:
            submission.check_name(name)
        except submission.BadSubmission as bad:
            yield Result(ascii(name)[1:-1], stem, error=str(bad))
            continue
        notebook = _graded_before(name, stem, _fingerprint(_handed(name, stem), judge))
        result = notebook and _read_back(notebook, name, stem, config)
        if result:
            yield result
        else:
            todo.append(name)
    jobs = ((name, (judge_submission, _handed(name, stem), stem, secret, judge, CONFIGURED)) for name in todo)
    for name, outcome in crew.run(jobs):
        try:
            if isinstance(outcome, Exception):
                raise outcome
            yield record(nbformat.reads(outcome, as_version=4), name, stem, config)
        except Exception as error:  # one submission must never end the batch; the command reports it
            yield Result(name, stem, error=f"{type(error).__name__}: {error}")


def judge_submission(handed: submission.Handed, stem: str, secret: bytes, judge: bytes, limits: Limits) -> str:
    """Return the judged notebook of a submission, as JSON text. Touches no gradebook and no submitted file.

    judge: digest of the judge, for the fingerprint of what was judged.
    """
    template = submission.read_template(course.source_notebook(stem), course.released_notebook(stem))
    notebook = judge_notebook(submission.rebuild_handed(handed, template), stem, secret, limits)
    notebook.metadata["course"]["fingerprint"] = _fingerprint(handed, judge)
    return nbformat.writes(notebook)


def record(notebook: NotebookNode, student: str, stem: str, config: Config) -> Result:
    """Write a judged notebook's scores, its feedback page and the notebook itself."""
    about = _about(student, stem, config)
    stamp = _path(student, stem).parent / "timestamp.txt"
    when = submission.handed_in_at(stamp.parent)
    with _gradebook(config) as gradebook:
        gradebook.update_or_create_student(student)
        more = {"timestamp": when} if when else {}
        gradebook.update_or_create_submission(stem, student, **more)
    for preprocessor in (SaveVerdicts, AssignLatePenalties):
        preprocessor(config=config).preprocess(notebook, {"nbgrader": about})
    if when:
        _keep_receipts(student, stem)
    result = _read_back(notebook, student, stem, config)
    # Written last: where it stands, everything else stands too.
    pages.write(_autograded(student, stem), nbformat.writes(notebook))
    return result


def _read_back(notebook: NotebookNode, student: str, stem: str, config: Config) -> Result | None:
    """Write the feedback page from the gradebook and return the result; None if the gradebook lacks it."""
    with _gradebook(config) as gradebook:
        try:
            saved = gradebook.find_submission_notebook(stem, stem, student)
        except MissingEntry:
            return None
        found = notebook.metadata["course"]
        result = Result(student, stem, saved.score, saved.max_score, saved.needs_manual_grade, found.get("problem"),
                        tuple(found["verdicts"]))  # fmt: skip
    scored, resources = GetGrades(config=config).preprocess(copy.deepcopy(notebook), {"nbgrader": _about(student, stem, config)})
    pages.write(course.FEEDBACK / student / stem / f"{stem}.html", feedback.page(scored, resources["nbgrader"]))
    return result


def _graded_before(student: str, stem: str, fingerprint: str) -> NotebookNode | None:
    """Return the judged notebook of an earlier run, if it came from the same submission and judge."""
    try:
        notebook = nbformat.read(_autograded(student, stem), as_version=4)
    except (OSError, ValueError):
        return None
    return notebook if notebook.metadata.get("course", {}).get("fingerprint") == fingerprint else None


def _fingerprint(handed: submission.Handed, judge: bytes) -> str:
    return hashlib.sha256(judge + repr(handed).encode()).hexdigest()


def _judge_version(stem: str, secret: bytes) -> bytes:
    """Return a digest of all that a verdict depends on besides the submission."""
    digest = hashlib.sha256(secret)
    files = [*Path(__file__).parent.rglob("*.py"), course.source_notebook(stem), course.released_notebook(stem)]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.digest()


def _gradebook(config: Config) -> Gradebook:
    return Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)


def _about(student: str, stem: str, config: Config) -> dict:
    """What nbgrader's preprocessors are told of a submission."""
    return {"student": student, "assignment": stem, "notebook": stem, "db_url": config.CourseDirectory.db_url}


def _handed(student: str, stem: str) -> submission.Handed:
    return submission.hand_in(_path(student, stem), CONFIGURED.notebook_bytes)


def _autograded(student: str, stem: str) -> Path:
    return course.AUTOGRADED / student / stem / f"{stem}.ipynb"


def table(results: list[Result]) -> str:
    """Return the results as a table of text: a row a student, a column an exercise."""
    names = list(dict.fromkeys(row["exercise"] for r in results for row in r.verdicts))
    rows = [["student", *names, "total", ""]]
    for r in sorted(results, key=lambda r: r.student):
        points = [sum(v["points"] for v in r.verdicts if v["exercise"] == name) for name in names]
        note = r.error or r.problem or ("written answer to be read" if r.needs_manual_grade else "")
        rows.append([r.student, *(f"{p:g}" for p in points), f"{r.score:g}/{r.max_score:g}", textwrap.shorten(note, 72, placeholder=" …")])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) if i in (0, len(row) - 1) else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _path(student: str, stem: str) -> Path:
    return course.SUBMITTED / student / stem / f"{stem}.ipynb"


def _keep_receipts(student: str, stem: str) -> None:
    """Copy what the exchange needs to return feedback, where nbgrader's own commands look for it."""
    for name in submission.RECEIPTS:
        try:
            text = submission.read_file(_path(student, stem).with_name(name), submission.RECEIPT_BYTES).decode()
        except (submission.BadSubmission, UnicodeDecodeError):
            continue
        for room in (course.AUTOGRADED, course.FEEDBACK):
            pages.write(room / student / stem / name, text)
