"""nbgrader's half of grading: its gradebook, and the feedback page with what stands there.

One process records, over one connection, and commits once a submission. Importing nbgrader takes a
while, so ``grading`` imports this module when the workers are already judging.
"""

import errno
import hashlib
import json
import logging
import os
import re
import traceback
import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution
from sqlalchemy.exc import OperationalError, SAWarning, SQLAlchemyError
from traitlets.config import Config

from autograder import course, exercises, feedback, pages, submission
from autograder.grading import CannotGrade, Result

# nbgrader 0.9 adds rows in an order that SQLAlchemy 2.1 remarks on; nothing is lost by it.
warnings.filterwarnings("ignore", category=SAWarning)
# nbgrader prints a traceback of every error of the gradebook, by Tornado's logger; who calls it says it in words.
logging.getLogger("tornado.application").addHandler(logging.NullHandler())


class Book:
    """The gradebook, open for one assignment; use as a context manager. Raises CannotGrade."""

    def __init__(self, stem: str, config: Config) -> None:
        self.stem = stem
        self.config = config

    def __enter__(self) -> "Book":
        self._gradebook = open_gradebook(self.config.CourseDirectory, to_write=True)
        try:
            check_entered(self._gradebook, self.stem)
        except CannotGrade:
            self._gradebook.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._gradebook.close()

    def record(self, text: str, student: str) -> Result:
        """Write a judged notebook's scores, its feedback page and the notebook itself.

        text: the notebook as JSON, as ``grading.judge_submission`` returns it.
        """
        notebook = nbformat.v4.reads(text)  # checked when it was written
        folder = course.SUBMITTED / student / self.stem
        when = submission.handed_in_at(folder)
        try:
            self._gradebook.update_or_create_student(student)
            handed = self._gradebook.update_or_create_submission(self.stem, student, timestamp=when)
            late = _is_late(handed)
            save_scores(self._gradebook, notebook, self.stem, student)
            if late:
                self._assign_penalty(notebook, student)
            result = self._write_feedback(notebook, student)
        except BaseException:
            self._gradebook.db.rollback()  # or the next submission would stand in a broken transaction
            raise
        if when:
            _keep_receipts(folder)
        # Written last: where it stands, everything else stands too.
        pages.write(course.autograded_notebook(student, self.stem), text)
        return result

    def read_again(self, notebook: NotebookNode, student: str) -> Result | None:
        """Return the result of a submission that was recorded before; None if the gradebook lacks it.

        Its time of submission, the date when it was due or the penalty may have changed meanwhile.
        """
        folder = course.SUBMITTED / student / self.stem
        try:
            handed = self._gradebook.find_submission_notebook(self.stem, self.stem, student).assignment
        except MissingEntry:
            return None
        when = submission.handed_in_at(folder)
        try:
            if when != handed.timestamp:
                handed.timestamp = when
                _keep_receipts(folder)
            late = _is_late(handed)
            self._gradebook.db.commit()
            if late:
                self._assign_penalty(notebook, student)
            return self._write_feedback(notebook, student)
        except BaseException:
            self._gradebook.db.rollback()
            raise

    def _assign_penalty(self, notebook: NotebookNode, student: str) -> None:
        about = {"student": student, "assignment": self.stem, "notebook": self.stem}
        about["db_url"] = self.config.CourseDirectory.db_url
        AssignLatePenalties(config=self.config).preprocess(notebook, {"nbgrader": about})

    def _write_feedback(self, notebook: NotebookNode, student: str) -> Result:
        """Write the feedback page from the gradebook and return the result."""
        db = self._gradebook.db
        saved = self._gradebook.find_submission_notebook(self.stem, self.stem, student)
        columns = (SubmittedNotebook.score, SubmittedNotebook.max_score)
        score, max_score = db.query(*columns).filter(SubmittedNotebook.id == saved.id).one()
        late = saved.late_submission_penalty or 0
        when = saved.assignment.timestamp
        grades = _by_name(db, saved, Grade, Grade.score, Grade.max_score, Grade.needs_manual_grade)
        comments = _by_name(db, saved, Comment, Comment.comment)
        db.rollback()  # nothing was written; ends the transaction that reading began
        db.expunge_all()
        for cell in notebook.cells:
            if is_solution(cell):
                [cell.metadata.nbgrader["comment"]] = comments[cell.metadata.nbgrader["grade_id"]]
            if is_grade(cell):
                marks = cell.metadata.nbgrader
                marks["score"], marks["points"], marks["waiting"] = grades[marks["grade_id"]]
        about = {"student": student, "assignment": self.stem}
        about |= {"score": score - late, "max_score": max_score, "late_penalty": late}
        pages.write(course.FEEDBACK / student / self.stem / f"{self.stem}.html", feedback.page(notebook, about))
        found = notebook.metadata["course"]
        folder = course.SUBMITTED / student / self.stem
        return Result(
            student,
            self.stem,
            score,
            max_score,
            waiting=tuple(name for name, (*_, waits) in grades.items() if waits),
            problem=found.get("problem"),
            verdicts=tuple(feedback.verdicts_of(notebook)),
            worth_reading=tuple(found.get("worth_reading", ())),
            late_penalty=late,
            no_time=when is None and os.path.lexists(folder / "timestamp.txt"),
            as_released=found.get("as_released", False),
            beside=submission.beside(folder / f"{self.stem}.ipynb"),
        )


def open_gradebook(where: CourseDirectory | Config, *, to_write: bool = False) -> Gradebook:
    """Return nbgrader's gradebook, in SQLite or where the configuration says. Raises CannotGrade.

    where: what has its address, ``CourseDirectory`` or what configures it.
    to_write: find out, too, whether it can be written now.
    """
    try:
        gradebook = Gradebook(where.db_url, where.course_id)
        if to_write and gradebook.engine.dialect.name == "sqlite":
            with gradebook.engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                connection.exec_driver_sql("CREATE TABLE probe (x)")  # a file that can only be read is told by a write alone
                connection.rollback()
    except (SQLAlchemyError, ImportError, OSError) as error:  # no such server, a wrong password, no driver, a locked file
        raise CannotGrade(f"The gradebook can't be opened: {_in_words(error)}") from None
    return gradebook


def check_entered(gradebook: Gradebook, stem: str) -> None:
    """Raise CannotGrade for an assignment that the gradebook lacks, or has without some of its cells or with other points."""
    try:
        entered = gradebook.find_notebook(stem, stem)
    except MissingEntry:
        raise CannotGrade(f"{stem} is not in the gradebook yet. Release it first: python -m autograder release") from None
    known = {cell.name for cell in [*entered.grade_cells, *entered.solution_cells]}
    points = {cell.name: cell.max_score for cell in entered.grade_cells}
    marks = marks_in_source(stem)
    again = "Release it again: python -m autograder release"
    if missing := ", ".join(m.grade_id for m in marks if m.grade_id not in known):
        raise CannotGrade(f"{stem} has cells that the gradebook does not know: {missing}. {again}")
    check_points(stem, marks)
    if others := ", ".join(m.grade_id for m in marks if m.grade and m.points != points.get(m.grade_id)):
        raise CannotGrade(f"{stem} has other points than the gradebook knows: {others}. {again}")


def check_points(stem: str, marks: list[NotebookNode]) -> None:
    """Raise CannotGrade for an assignment with a cell that has other points than its checks give: nobody could have them all."""
    given = {item.name: item.max_points for item in exercises.topic(stem).items}
    for m in marks:
        if m.grade and m.points != given.get(m.grade_id, m.points):
            raise CannotGrade(
                f"{m.grade_id} has {m.points:g} points in solutions/{stem}/{stem}.ipynb, and its checks have {given[m.grade_id]:g} in "
                f"autograder/exercises/{stem}/: change one of them"
            )


def marks_in_source(stem: str) -> list[NotebookNode]:
    """Return what nbgrader notes of each cell of the source notebook that has points or holds an answer: grade_id, grade, points, …"""
    cells = nbformat.read(course.source_notebook(stem), as_version=4).cells
    return [cell.metadata.nbgrader for cell in cells if is_grade(cell) or is_solution(cell)]


# What a gradebook that can't be used says of itself, and what to do.
_ADVICE = {
    "locked": "Another program is writing to it: close that, or wait until it is done",
    "readonly|Read-only": "It, or its folder, is not yours to write: change that",
    "unable to open": "Its folder is missing or not yours to write: change that",
    "full|No space|quota": "Make room",
    "malformed|not a database": "Put back grading/gradebook.db from a backup",
    "Name or service|refused|translate|timeout|does not exist|authentication|plugin|parse|No module": "Look at COURSE_DB_URL",
}


def _in_words(error: BaseException) -> str:
    """Return a reason and what to do, without the statement and the values that SQLAlchemy adds."""
    reason = " ".join(str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error).split()).rstrip(".?")
    advice = next((advice for pattern, advice in _ADVICE.items() if re.search(pattern, reason)), "")
    return f"{reason}. {advice}, then run the same command again." if advice else reason


def why_of_gradebook(error: BaseException) -> str | None:
    """Return why the gradebook can't be used, and what to do; None if an error has nothing to do with it."""
    found = next((cause for cause in _causes(error) if isinstance(cause, SQLAlchemyError) or _lacks_driver(cause)), None)
    return found and f"The gradebook can't be used: {_in_words(found)}"


def _lacks_driver(error: BaseException) -> bool:
    """Whether SQLAlchemy looked for the library that its address of the gradebook needs (MySQLdb), and did not find it."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return isinstance(error, ImportError) and any(f.f_globals.get("__name__", "").startswith("sqlalchemy.") for f in frames)


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and those that it came of."""
    causes = [error]
    while following := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(following)
    return causes


def why_nothing_can_be_recorded(error: Exception) -> str | None:
    """Return why no other submission could be recorded either, and what to do; None if an error is of one alone.

    So it is when the gradebook is locked or gone, or the disk full.
    """
    for cause in _causes(error):
        if isinstance(cause, OperationalError):
            return f"The gradebook can't be written: {_in_words(cause)}"
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            return f"The results can't be written: {_in_words(cause)}"
    return None


def save_scores(gradebook: Gradebook, notebook: NotebookNode, stem: str, student: str) -> None:
    """Save what nbgrader's own ``SaveAutoGrades`` saves, with the judge's points, and commit once.

    What a person marked, and that is the same now, need not be looked at again, as nbgrader would have it.
    """
    place = course.JUDGED / student / f"{stem}.json"
    before, now = _digests_in(place), _digests_of(notebook)
    saved = gradebook.find_submission_notebook(stem, stem, student)
    grades = _by_name(gradebook.db, saved, Grade, Grade)
    comments = _by_name(gradebook.db, saved, Comment, Comment)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if is_grade(cell):
            [grade] = grades[name]
            # A cell that a person reads has no points yet, and none at all if it was left as released.
            grade.auto_score = determine_grade(cell)[0] if is_solution(cell) else cell.metadata["course_points"]
            held = not is_solution(cell) and cell.metadata["course_held"]
            was_read = grade.manual_score is not None and not grade.needs_manual_grade
            if not (was_read and now[name] == before.get(name)):
                grade.needs_manual_grade = held or grade.auto_score is None or grade.manual_score is not None
        if is_solution(cell):
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            [comment] = comments[name]
            comment.auto_comment = "No response." if untouched else None
    # A full disk shows before the commit, not after it: a mark that is given then would be taken for one of an earlier answer.
    with pages.written(place, json.dumps(now, indent=1) + "\n"):
        gradebook.db.commit()


def _digests_of(notebook: NotebookNode) -> dict[str, str]:
    """Return {name: digest} of what a person looks at who gives a cell its points: the answer in words, or all code and its points."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code" and is_solution(cell)]
    digests = {}
    for cell in filter(is_grade, notebook.cells):
        seen = cell.source if is_solution(cell) else repr((code, cell.metadata["course_points"], cell.metadata["course_held"]))
        digests[cell.metadata.nbgrader.grade_id] = hashlib.sha256(seen.encode()).hexdigest()
    return digests


def _digests_in(place: Path) -> dict[str, str]:
    """Return what was noted when the submission was judged last; nothing if that is not to be had."""
    try:
        with submission.open_ordinary(place) as file:
            found = json.load(file)
    except (submission.BadSubmission, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_late(handed: SubmittedAssignment) -> bool:
    """Whether nbgrader has a penalty to give, or to take back."""
    return bool(handed.total_seconds_late > 0 or handed.late_submission_penalty)


def _by_name(db, saved: SubmittedNotebook, kind: type, *columns) -> dict[str, tuple]:
    """Return {name of a cell: columns of its grade or comment} of a submitted notebook."""
    rows = db.query(BaseCell.name, *columns).join(kind, kind.cell_id == BaseCell.id).filter(kind.notebook_id == saved.id)
    return {name: tuple(values) for name, *values in rows}


def _keep_receipts(folder: Path) -> None:
    """Copy what the exchange needs to return feedback, where nbgrader's own commands look for it."""
    for name, text in submission.receipts(folder).items():
        for room in (course.AUTOGRADED, course.FEEDBACK):
            pages.write(room / folder.parent.name / folder.name / name, text)
