"""Grades the submissions of an assignment: judged side by side, recorded one by one."""

import fnmatch
import functools
import hashlib
import json
import os
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import nbformat
from nbformat import NotebookNode

from autograder import course, exercises, importing, judging, naming, submission
from autograder.crew import Crew, Job
from autograder.exercise import Verdict
from autograder.limits import CONFIGURED, Limits
from autograder.notebook_judge import judge_notebook


class CannotGrade(Exception):
    """Grading can't start or go on; the message says what to do."""


@dataclass(frozen=True)
class Result:
    """How one submission ended.

    waiting: names of the cells that a person is to read and give points for.
    late_penalty: points that nbgrader takes off the score for a late submission.
    no_time: whether its ``timestamp.txt`` says no time that can be read.
    worth_reading: pieces of its code that an instructor should look at, see ``reaching_inside``.
    as_released: whether it is the notebook as it was given out.
    beside: notebooks by other names that stand beside it and are not graded, as when a platform renamed a second one.
    error: why it could not be judged or recorded at all.
    """

    student: str
    assignment: str
    score: float = 0.0
    max_score: float = 0.0
    waiting: tuple[str, ...] = ()
    problem: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    worth_reading: tuple[str, ...] = ()
    late_penalty: float = 0.0
    no_time: bool = False
    as_released: bool = False
    beside: tuple[str, ...] = ()
    error: str | None = None

    def as_json(self) -> dict:
        return self.__dict__ | {"verdicts": [v.as_json() for v in self.verdicts]}


def students(stem: str, pattern: str) -> list[str]:
    """Return the students to grade: every folder of ``submitted/`` that matches. Raises CannotGrade."""
    if not course.SUBMITTED.is_dir():
        raise CannotGrade(f"There is no folder {course.SUBMITTED}. Collect submissions first: <student>/{stem}/{stem}.ipynb")
    names = [path.name for path in _visible(course.SUBMITTED) if path.is_dir() and not path.is_symlink()]
    chosen = sorted(fnmatch.filter(names, pattern))
    if not chosen:
        raise CannotGrade(f"No student matches {pattern!r} in {course.SUBMITTED} ({len(names)} folders).")
    return chosen


def passed_over(pattern: str) -> list[str]:
    """Return what stands in ``submitted/`` and is no student's folder, but a link or a file."""
    names = [path.name for path in _visible(course.SUBMITTED) if path.is_symlink() or not path.is_dir()]
    return [naming.printable(name) for name in sorted(fnmatch.filter(names, pattern))]


def _visible(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if not path.name.startswith("."))


def check_released(stem: str) -> None:
    """Raise CannotGrade for an assignment whose notebook is not in ``notebooks/``: it says what a cell held at first."""
    if not course.released_notebook(stem).is_file():
        raise CannotGrade(f"{stem} is not in {course.NOTEBOOKS} yet. Release it first: python -m autograder release")


def grade(stem: str, names: list[str], crew: Crew) -> Iterator[Result]:
    """Judge submissions on a crew and yield each result once it stands in the gradebook.

    A submission that was graded before by the same judge with the same limits, and has not changed,
    is not judged again. Raises CannotGrade.
    """
    check_released(stem)
    secret = course.secret()
    judge = _judge_version(stem, secret)
    refused: list[str] = []
    known: list[str] = []

    def job(name: str) -> Job:
        return name, (judge_submission, _handed(name, stem), stem, secret, judge, CONFIGURED)

    def jobs() -> Iterator[Job]:
        for name in names:
            if not naming.is_plain(name):
                refused.append(name)
            elif _graded_before(name, stem, judge):
                known.append(name)
            else:
                yield job(name)

    # Local workers begin as copies of this process, and find done what every submission needs.
    _template(stem, judge)
    judging.prepare(exercises.topic(stem), secret)
    outcomes = crew.run(jobs())
    # nbgrader takes a second to import; meanwhile the workers judge.
    with importing.many_modules():
        from autograder import recording

    with recording.Book(stem, course.nbgrader_config()) as book:
        yield from _recorded(book, outcomes, stem)
        lost = []
        for name in known:
            notebook = _graded_before(name, stem, judge)
            try:
                result = notebook and book.read_again(notebook, name)
            except Exception as error:
                result = _failed(name, stem, error)
            if result:
                yield result
            else:
                lost.append(name)  # the gradebook was replaced
        yield from _recorded(book, crew.run(map(job, lost)), stem)
    for name in refused:
        yield Result(naming.shown(name), stem, error=naming.REFUSED)


def _recorded(book, outcomes: Iterator[tuple[str, object]], stem: str) -> Iterator[Result]:
    for name, outcome in outcomes:
        try:
            if isinstance(outcome, Exception):
                raise outcome
            result = book.record(outcome, name)
        except Exception as error:  # one submission must never end the batch; the command reports it
            result = _failed(name, stem, error)
        yield result


def _failed(name: str, stem: str, error: Exception) -> Result:
    """Return the result of what could not be judged or recorded. Raises CannotGrade where no other one could be."""
    from autograder import recording

    if nothing := recording.why_nothing_can_be_recorded(error):
        raise CannotGrade(nothing) from None
    if isinstance(error, OSError) and error.filename:
        return Result(name, stem, error=f"{error.strerror}: {error.filename}")
    return Result(name, stem, error=f"{type(error).__name__}: {error}")


def judge_submission(handed: submission.Handed, stem: str, secret: bytes, judge: bytes, limits: Limits) -> str:
    """Return the judged notebook of a submission, as JSON text. Touches no gradebook and no submitted file.

    judge: digest of the judge, for the fingerprint of what was judged.
    """
    notebook = judge_notebook(submission.rebuild_handed(handed, _template(stem, judge)), stem, secret, limits)
    notebook.metadata["course"]["fingerprint"] = _fingerprint(handed, judge)
    return nbformat.writes(notebook)


@functools.lru_cache(maxsize=1)
def _template(stem: str, judge: bytes) -> submission.Template:
    """Return the assignment's template; ``judge``, a digest of its files too, says when it is another."""
    return submission.read_template(course.source_notebook(stem), course.released_notebook(stem))


def _graded_before(student: str, stem: str, judge: bytes) -> NotebookNode | None:
    """Return the judged notebook of an earlier run, if it came from the same submission and judge."""
    try:
        notebook = nbformat.v4.reads(course.autograded_notebook(student, stem).read_text(encoding="utf-8"))
        found = notebook["metadata"]["course"]["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return notebook if found == _fingerprint(_handed(student, stem), judge) else None


def _fingerprint(handed: submission.Handed, judge: bytes) -> str:
    return hashlib.sha256(judge + repr(handed).encode()).hexdigest()


def _judge_version(stem: str, secret: bytes) -> bytes:
    """Return a digest of all that a verdict depends on besides the submission."""
    digest = hashlib.sha256(secret + repr(CONFIGURED).encode())
    judge = (path for path in Path(__file__).parent.rglob("*") if path.suffix in (".py", ".npz"))
    files = [*judge, course.source_notebook(stem), course.released_notebook(stem)]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.digest()


def _handed(student: str, stem: str) -> submission.Handed:
    return submission.hand_in(course.SUBMITTED / student / stem / f"{stem}.ipynb", CONFIGURED.notebook_bytes)


# what the command says of them ------------------------------------------------------------------


class Tally:
    """The results of a run: the lines of its table in memory, every verdict in a file.

    So memory does not grow with what is told of each submission. Use as a context manager.
    """

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}
        self._names: dict[str, None] = {}  # of the exercises, in order
        self._lines: dict[str, tuple[dict[str, float], str, str]] = {}
        self._places: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> "Tally":
        self._file = tempfile.TemporaryFile()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, result: Result) -> None:
        points: dict[str, float] = {}
        for v in result.verdicts:
            points[v.exercise] = points.get(v.exercise, 0.0) + v.points
        self._names |= dict.fromkeys(points)
        notes = [
            result.error or result.problem,
            "as it was given out" if result.as_released else None,
            f"late: {result.late_penalty:g} points off" if result.late_penalty else None,
            "its timestamp.txt says no time that can be read" if result.no_time else None,
            "code to be looked at" if result.worth_reading else None,
            f"to be read: {', '.join(result.waiting)}" if result.waiting else None,
            # last, for a student chooses these names, and what is long is cut
            f"beside it, not graded: {', '.join(result.beside)}" if result.beside else None,
        ]
        total = "–" if result.error else f"{result.score:g}/{result.max_score:g}"
        self._lines[result.student] = points, total, textwrap.shorten("; ".join(filter(None, notes)), 160, placeholder=" …")
        if result.error:
            self.errors[result.student] = result.error
        text = json.dumps(result.as_json(), indent=1, ensure_ascii=False).encode()
        self._places[result.student] = self._file.seek(0, os.SEEK_END), len(text)
        self._file.write(text)

    def table(self) -> str:
        """Return the results as a table of text: a row a student, a column an exercise."""
        rows = [["student", *self._names, "total", ""]]
        for student, (points, total, note) in sorted(self._lines.items()):
            rows.append([student, *(f"{points.get(name, 0):g}" for name in self._names), total, note])
        widths = [max(naming.columns(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = []
        for first, *numbers, last in rows:
            middle = (cell.rjust(width) for cell, width in zip(numbers, widths[1:]))
            lines.append("  ".join([first + " " * (widths[0] - naming.columns(first)), *middle, last]).rstrip())
        return "\n".join(lines)

    def write_json(self, out: TextIO) -> None:
        """Write every result, in the order of the students' names."""
        out.write("[")
        for i, student in enumerate(sorted(self._places)):
            start, size = self._places[student]
            self._file.seek(start)
            out.write(",\n" if i else "\n")
            out.write(self._file.read(size).decode())
        out.write("\n]\n")
