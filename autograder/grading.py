"""Grades the submissions of an assignment: judged side by side, recorded one by one."""

import fnmatch
import os
import shutil
import textwrap
import warnings
from collections.abc import Iterable
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, GetGrades
from nbgrader.utils import parse_utc
from nbformat import NotebookNode
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder import course, feedback, submission
from autograder.limits import Limits
from autograder.nbgrader_seams import SaveVerdicts
from autograder.notebook_judge import judge_notebook


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
        rows = [{k: v for k, v in row.items() if k != "title"} for row in self.verdicts]
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


def grade(stem: str, names: Iterable[str], config: Config, executor: Executor) -> Iterable[Result]:
    """Judge submissions on an executor and yield each result once it stands in the gradebook."""
    db_url = config.CourseDirectory.db_url
    with Gradebook(db_url, config.CourseDirectory.course_id) as gradebook:
        try:
            gradebook.find_notebook(stem, stem)
        except MissingEntry:
            raise CannotGrade(f"{stem} is not in the gradebook yet. Release it first: python -m autograder release") from None
    secret = course.secret()
    waiting = {executor.submit(judge_submission, _path(name, stem), stem, secret): name for name in names}
    for future in as_completed(waiting):
        name = waiting[future]
        try:
            yield record(nbformat.reads(future.result(), as_version=4), name, stem, config)
        except Exception as error:  # one submission must never end the batch; the command reports it
            yield Result(name, stem, error=f"{type(error).__name__}: {error}")


def judge_submission(path: Path, stem: str, secret: bytes, limits: Limits = Limits()) -> str:
    """Return the judged notebook of a submitted file, as JSON text. Touches no gradebook."""
    template = submission.read_template(course.source_notebook(stem), course.released_notebook(stem))
    notebook = submission.rebuild_file(path, template, limits.notebook_bytes)
    return nbformat.writes(judge_notebook(notebook, stem, secret, limits))


def record(notebook: NotebookNode, student: str, stem: str, config: Config) -> Result:
    """Write a judged notebook's scores, the notebook itself and its feedback page."""
    db_url = config.CourseDirectory.db_url
    about = {"student": student, "assignment": stem, "notebook": stem, "db_url": db_url}
    stamp = _path(student, stem).parent / "timestamp.txt"
    when = _time_of(stamp)
    with Gradebook(db_url, config.CourseDirectory.course_id) as gradebook:
        gradebook.update_or_create_student(student)
        more = {"timestamp": when} if when else {}
        gradebook.update_or_create_submission(stem, student, **more)
    for preprocessor in (SaveVerdicts, AssignLatePenalties):
        preprocessor(config=config).preprocess(notebook, {"nbgrader": about})
    autograded = course.AUTOGRADED / student / stem
    _write(autograded / f"{stem}.ipynb", nbformat.writes(notebook))
    if when:
        shutil.copyfile(stamp, autograded / "timestamp.txt")
    _, resources = GetGrades(config=config).preprocess(notebook, {"nbgrader": about})
    _write(course.FEEDBACK / student / stem / f"{stem}.html", feedback.page(notebook, resources["nbgrader"]))
    with Gradebook(db_url, config.CourseDirectory.course_id) as gradebook:
        saved = gradebook.find_submission_notebook(stem, stem, student)
        found = notebook.metadata["course"]
        return Result(student, stem, saved.score, saved.max_score, saved.needs_manual_grade, found.get("problem"),
                      tuple(found["verdicts"]))  # fmt: skip


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


def _time_of(stamp: Path) -> datetime | None:
    """Return when a submission was handed in; None where nothing readable says so."""
    try:
        return parse_utc(submission.read_file(stamp, 200).decode().strip())
    except (submission.BadSubmission, ValueError):
        return None


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
