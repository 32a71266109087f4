"""Judges a rebuilt notebook: a pure function from answers to verdicts."""

import base64
import re
from dataclasses import asdict, replace

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder import cards, exercises, judging, reaching_inside, source_code, submission
from autograder.exercise import Exercise, Quiz, Topic, Verdict
from autograder.limits import CONFIGURED, Limits
from autograder.student import CellResult, Student, say_error


def judge_notebook(notebook: NotebookNode, stem: str, secret: bytes, limits: Limits = CONFIGURED) -> NotebookNode:
    """Judge a notebook that ``submission.rebuild`` made; return it with outputs and verdicts.

    The verdicts stand in ``notebook.metadata["course"]["verdicts"]`` as JSON, and as a card in the
    output of each judged cell. Beside them, under "worth_reading", stands the code that a person should look at.
    """
    topic = exercises.topic(stem)
    course = notebook.metadata["course"]
    if course.get("problem"):
        verdicts = [v for item in topic.items for v in all_failed(item, course["problem"])]
    else:
        verdicts = _run(notebook, topic, secret, limits)
    course["verdicts"] = [asdict(v) for v in verdicts]
    for cell in notebook.cells:
        if submission.is_judged(cell):
            mine = [v for v in verdicts if v.exercise == cell.metadata.nbgrader.grade_id]
            cell.outputs = [new_output("display_data", {"text/html": cards.html(mine), "text/plain": cards.text(mine)})]
            cell.metadata["course_points"] = sum(v.points for v in mine)
            cell.metadata["course_held"] = any(v.held for v in mine)
    return notebook


def judge_source(source: str, name: str, secret: bytes) -> list[Verdict]:
    """Judge one plain Python file for one exercise. Raises KeyError, naming the known ones."""
    topic, item = exercises.find(name)
    with Student([topic.prelude, source], topic.rules) as student:
        return judging.judge(item, topic, student, secret)


def all_failed(item: Exercise | Quiz, reason: str) -> list[Verdict]:
    """Return a failed verdict for every check of an exercise or quiz, with one reason."""
    if isinstance(item, Quiz):
        rows = [(question.name, f"Question {question.name}", question.points) for question in item.questions]
    else:
        rows = [(check.name, check.title, check.points) for check in item.checks]
    return [Verdict(item.name, name, title, False, 0.0, points, None, reason) for name, title, points in rows]


def _run(notebook: NotebookNode, topic: Topic, secret: bytes, limits: Limits) -> list[Verdict]:
    written = [cell for cell in notebook.cells if cell.cell_type == "code" and submission.is_solution(cell)]
    with Student([topic.prelude, *(cell.source for cell in written)], topic.rules, limits) as student:
        for number, (cell, result) in enumerate(zip(written, student.results[1:]), start=1):
            cell.execution_count = number
            cell.outputs = _outputs(result)
        notebook.metadata["course"]["worth_reading"] = reaching_inside.worth_reading(student.cells[1:])
        last = _last_cells(notebook)

        def judge(item: Exercise | Quiz) -> list[Verdict]:
            student.as_of = last.get(item.name, len(student.cells))
            return judging.judge(item, topic, student, secret)

        # The quiz first: a function that is called may change the variables around it.
        of_quiz = judge(topic.quiz)
        of_exercises = [v for item in topic.exercises for v in judge(item)]
    stale = _unread(notebook)
    verdicts = [_explain_stale(v, stale[v.exercise]) if v.exercise in stale else v for v in of_exercises + of_quiz]
    if notebook.metadata["course"]["extra_cells"]:
        verdicts = [_explain_extra_cells(v) for v in verdicts]
    return verdicts


def _last_cells(notebook: NotebookNode) -> dict[str, int]:
    """Return {exercise or quiz: number of the last of the cells that run before it is judged, the prelude being 1}.

    An answer that was left as released is missing: what was written elsewhere may stand for it.
    """
    found, number, worked_on = {}, 1, False
    for cell in notebook.cells:
        if submission.is_judged(cell) and worked_on:
            found[cell.metadata.nbgrader.grade_id] = number
        elif cell.cell_type == "code" and submission.is_solution(cell):
            number += 1
            worked_on = cell.source.strip() != "" and cell.metadata.nbgrader.get("checksum") != submission.checksum(cell)
    return found


def _unread(notebook: NotebookNode) -> dict[str, str]:
    """Return {exercise: what Python could not read of its answer}, so that what is judged may be an earlier definition."""
    found, unread = {}, ""
    for cell in notebook.cells:
        if submission.is_judged(cell):
            found[cell.metadata.nbgrader.grade_id] = unread
            unread = ""
        elif cell.cell_type == "code" and submission.is_solution(cell):
            unread = ""  # an answer stands last before it is judged: what came before it is a prediction
            if not source_code.can_be_read(cell.source):
                unread = "the exercise's own cell"
            elif cell.metadata.nbgrader.grade_id in notebook.metadata["course"]["unread"]:
                unread = "the one in the cell below it"
    return {name: what for name, what in found.items() if what}


def _explain_stale(verdict: Verdict, what: str) -> Verdict:
    if verdict.passed or "is not defined" in verdict.hint:
        return verdict
    note = f" This is about an earlier definition: Python can't read {what} (SyntaxError)."
    return replace(verdict, hint=verdict.hint + note)


def _outputs(result: CellResult) -> list:
    outputs = []
    if result.printed:
        outputs.append(new_output("stream", name="stdout", text=result.printed))
    for picture in result.pictures:
        outputs.append(new_output("display_data", {"image/png": base64.b64encode(picture).decode()}))
    if result.error:
        message = say_error(result.error)
        outputs.append(
            new_output(
                "error",
                ename=str(result.error.get("type")),
                evalue=str(result.error.get("message", "")),
                traceback=[message],
            )
        )
    return outputs


def _explain_extra_cells(verdict: Verdict) -> Verdict:
    if verdict.passed or not re.search("NameError|NotImplementedError|is not defined:", verdict.hint):
        return verdict
    note = (
        " Only the exercise cells are graded, not cells that you added: "
        "move what the function needs into its own cell."
    )
    return replace(verdict, hint=verdict.hint + note)
