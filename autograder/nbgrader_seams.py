"""Where nbgrader takes our classes: its commands, its API and Formgrader's buttons all use them.

``nbgrader_config.py`` names them. The exporter reads and rebuilds a submission, the preprocessors
judge it and save its scores; the feedback exporter writes the course's own page.
"""

import csv
import re
import sys
from pathlib import Path

from nbconvert.exporters import Exporter, NotebookExporter
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback, base
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import ClearSolutions, GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_solution

from autograder import course, exercises, feedback, naming, releasing, sandbox, submission, times
from autograder.grading import CannotGrade, check_released
from autograder.limits import CONFIGURED
from autograder.notebook_judge import judge_notebook
from autograder.recording import (
    check_entered,
    check_points,
    marks_in_source,
    open_gradebook,
    save_scores,
    why_nothing_can_be_recorded,
    why_of_gradebook,
)

# nbgrader's own, kept here because a server reads the configuration again and again.
_find_all_files = base.find_all_files
_submitted_students = NbGraderAPI.get_submitted_students
_convert_notebooks = base.BaseConverter.convert_notebooks
_autograde = NbGraderAPI.autograde
_init_assignment, _convert_single_notebook = Autograde.init_assignment, Autograde.convert_single_notebook
_excepthook = sys.excepthook


class _Hindered(KeyboardInterrupt):
    """Nothing more can be recorded; the message says why. nbgrader takes it for Ctrl-C: it removes what is half done, and stops."""


class SubmissionExporter(NotebookExporter):
    """Reads a submitted file without trusting it; reads what we wrote ourselves as usual."""

    def from_filename(self, filename, resources=None, **kwargs):
        if not self.parent._sanitizing:
            return super().from_filename(filename, resources, **kwargs)
        stem = resources["nbgrader"]["assignment"]
        template = submission.read_template(course.source_notebook(stem), course.released_notebook(stem))
        notebook = submission.rebuild_handed(submission.hand_in(Path(filename), CONFIGURED.notebook_bytes), template)
        return self.from_notebook_node(notebook, resources, **kwargs)


def take_notebooks_only() -> None:
    """Keep nbgrader from copying what lies beside a submitted notebook.

    It would follow links and wait for pipes; of a submission only the notebook is ever used. The two
    small files by which the exchange returns feedback are copied if they are ordinary.
    """

    def ordinary(path, exclude=None):
        inside = Path(path).absolute().is_relative_to(course.SUBMITTED.absolute())
        return [str(Path(path, name)) for name in submission.receipts(Path(path))] if inside else _find_all_files(path, exclude)

    base.find_all_files = ordinary


def look_at_submissions_with_care() -> None:
    """Keep Formgrader's lists and nbgrader's commands from names and times that would stop them.

    Of a student's folder with an odd name they see nothing, and of a time that is none, no time.
    """

    def plain(api, assignment_id):
        return {name for name in _submitted_students(api, assignment_id) if naming.is_plain(name)}

    def submitted_at(api, assignment_id, student_id):
        return submission.handed_in_at(course.SUBMITTED / student_id / assignment_id)

    NbGraderAPI.get_submitted_students = plain
    NbGraderAPI.get_submitted_timestamp = submitted_at
    CourseDirectory.get_existing_timestamp = lambda _, folder: submission.handed_in_at(Path(folder))
    utils.parse_utc = times.read_utc  # so the gradebook reads a due date


def refuse_in_words() -> None:
    """Let ``nbgrader autograde`` and Formgrader's button say in a sentence what would be a traceback.

    That is what hinders grading at all, before an earlier grading is taken away or, as a full disk, in the middle; and names
    that are refused. The others are graded all the same.
    """

    def convert(autograde):
        _check(autograde.coursedir, autograde.coursedir.assignment_id)
        refused = {path: why for path in sorted(autograde.assignments) if (why := _why_refused(Path(path).parent.name))}
        for path, why in refused.items():
            del autograde.assignments[path]
            autograde.log.error(why)
        for path in autograde.assignments:  # one by another name is told as such, with 0 points, as by our own command
            autograde.assignments[path] = [str(Path(path, f"{autograde.coursedir.assignment_id}.ipynb"))]
        _convert_notebooks(autograde)
        if refused:
            raise base.NbGraderException("\n".join(refused.values()))

    def press(api, assignment_id, student_id, *args, **kwargs):
        try:
            _check(api.coursedir, assignment_id)
        except CannotGrade as error:
            return {"success": False, "log": str(error)}
        why = _why_refused(student_id)
        return {"success": False, "log": why} if why else _autograde(api, assignment_id, student_id, *args, **kwargs)

    Autograde.init_assignment, Autograde.convert_single_notebook = map(_or_hindered, (_init_assignment, _convert_single_notebook))
    Autograde.convert_notebooks = _in_a_sentence(convert)
    NbGraderAPI.autograde = press


def release_whole_or_not_at_all() -> None:
    """Let a release be made aside, and replace the earlier one when it is complete and holds nothing hidden.

    nbgrader removes the earlier one first, and where it fails nothing is left for students.
    """

    def convert(generate):
        where, usual = generate.coursedir, generate.coursedir.release_directory
        open_gradebook(where).close()
        for path in list(generate.assignments):
            stem = Path(path).name
            if not generate.force and (course.NOTEBOOKS / stem).exists():
                generate.log.info("Skipping existing assignment: %s", stem)
                del generate.assignments[path]
            elif stem in exercises.stems():
                check_points(stem, marks_in_source(stem))
        try:
            with releasing.aside() as draft:
                where.release_directory = str(draft)
                _convert_notebooks(generate)
        finally:
            where.release_directory = usual

    GenerateAssignment.convert_notebooks = _in_a_sentence(convert)


def end_in_words() -> None:
    """Let nbgrader's other commands, too, say in a sentence that the gradebook can't be opened or is locked, or a date not read."""

    def convert(generate):
        open_gradebook(generate.coursedir).close()
        _convert_notebooks(generate)

    def end(kind, error, trace):
        if why := str(error) if isinstance(error, times.NoTime) else why_of_gradebook(error):
            print(why, file=sys.stderr)
        else:
            _excepthook(kind, error, trace)

    GenerateFeedback.convert_notebooks = _in_a_sentence(convert)
    sys.excepthook = end  # of a command; a server has caught before what one of its pages raised


def _in_a_sentence(convert):
    """Return the work of one of nbgrader's converters, which says why it can't be done, without a traceback."""

    def tried(converter):
        try:
            convert(converter)
        except (CannotGrade, releasing.ReleaseFailed, _Hindered) as error:
            converter.log.error(str(error))
            raise base.NbGraderException(str(error)) from None

    return tried


def _or_hindered(step):
    """Return a step of a grading that raises _Hindered where no other submission could be recorded either."""

    def tried(*args):
        try:
            return step(*args)
        except Exception as error:
            if nothing := why_nothing_can_be_recorded(error):
                raise _Hindered(nothing) from None
            raise

    return tried


def _check(where: CourseDirectory, stem: str) -> None:
    """Raise CannotGrade where no submission of an assignment can be judged, or recorded."""
    check_released(stem)
    try:
        sandbox.check()
    except sandbox.NoSandbox as error:
        raise CannotGrade(str(error)) from None
    with open_gradebook(where, to_write=True) as gradebook:
        check_entered(gradebook, stem)


def _why_refused(student: str) -> str | None:
    return None if naming.is_plain(student) else f"{naming.shown(student)} was not graded: {naming.REFUSED}"


class Judge(NbGraderPreprocessor):
    """Judges the rebuilt notebook, in place of executing it."""

    def preprocess(self, nb, resources):
        return judge_notebook(nb, resources["nbgrader"]["assignment"], course.secret()), resources


class SaveVerdicts(NbGraderPreprocessor):
    """Saves the judge's points, in place of those that nbgrader would read from the cells' outputs."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            save_scores(gradebook, nb, about["assignment"], about["student"])
        return nb, resources


class ReadGrades(GetGrades):
    """Reads scores and comments from the gradebook, and which answers a person has still to read."""

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        marks = cell.metadata.nbgrader
        grade = self.gradebook.find_grade(marks["grade_id"], self.notebook_id, self.assignment_id, self.student_id)
        marks["waiting"] = grade.needs_manual_grade


class FeedbackExporter(Exporter):
    """Writes the feedback page of one submission."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(self, nb, resources=None, **kwargs):
        nb, resources = super().from_notebook_node(nb, resources, **kwargs)
        return feedback.page(nb, resources["nbgrader"]), resources


class CsvExport(CsvExportPlugin):
    """Writes nbgrader's table of scores. A name may have commas in it, so it is quoted where it must be."""

    columns = (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,max_score"
    ).split(",")

    def export(self, gradebook):
        path = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", path)
        with open(path, "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(self.columns)
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in map(str, self.assignment):
                    continue
                handed = {one.student_id: one for one in assignment.submissions}
                for student in sorted(gradebook.students, key=lambda s: (s.last_name or "", s.first_name or "", s.id)):
                    if self.student and student.id not in map(str, self.student):
                        continue
                    about = (student.id, student.last_name, student.first_name, student.email)
                    out.writerow((assignment.name, assignment.duedate, *self._row(about, handed.get(student.id), assignment)))

    def _row(self, about, handed, assignment):
        if handed is None:
            return None, *about, 0.0, 0.0, 0.0, assignment.max_score
        score, late = handed.score, handed.late_submission_penalty
        return handed.timestamp, *about, score, late, max(0.0, score - late), assignment.max_score


class ClearAnswers(ClearSolutions):
    """Clears solutions for the release; in a cell with ``# SOLUTION`` lines it drops only those.

    For cells whose released form must still run (a prediction, a quiz), where nbgrader's own way
    would leave a ``raise`` behind.
    """

    _line = re.compile(r".*# SOLUTION[ \t]*(\n|$)")

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == "code" and is_solution(cell) and self._line.search(cell.source):
            cell.source = self._line.sub("", cell.source).rstrip("\n")
            return cell, resources
        return super().preprocess_cell(cell, resources, index)
