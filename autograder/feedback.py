"""The feedback page of a submission: score, verdicts with hints and links, the student's answers."""

from nbformat import NotebookNode

from autograder import cards, course, pages, submission
from autograder.exercise import Verdict


def page(notebook: NotebookNode, about: dict) -> str:
    """Return the page as HTML. All text of the student's is escaped; the page runs no script.

    notebook: judged, with nbgrader's scores and comments in its cells' metadata.
    about: student, assignment, score, max_score and late_penalty, as nbgrader gives them.
    """
    problem = notebook.metadata["course"].get("problem")
    parts = [] if problem else _parts(notebook, about)
    return pages.render(
        "feedback.html",
        about=about,
        title=_title(notebook, about),
        problem=problem,
        parts=parts,
        again=[part for part in parts if part["kind"] == "verdicts" and part["score"] < part["points"]],
        waiting={part["kind"] for part in parts if part.get("waiting")},
        style=cards.STYLE,
    )


def verdicts_of(notebook: NotebookNode) -> list[Verdict]:
    """Return the verdicts that the judge left in a notebook."""
    return [Verdict(**row) for row in notebook.metadata["course"]["verdicts"]]


def _title(notebook: NotebookNode, about: dict) -> str:
    """Return the assignment's title, which is the first line of the notebook."""
    first = notebook.cells[0].source.partition("\n")[0] if notebook.cells else ""
    return first.removeprefix("# ") if first.startswith("# ") else about["assignment"]


def _parts(notebook: NotebookNode, about: dict) -> list[dict]:
    verdicts = verdicts_of(notebook)
    book = pages.book_address(course.FEEDBACK / about["student"] / about["assignment"])
    parts = [_part(cell, verdicts, book) for cell in notebook.cells if _is_shown(cell)]
    judged = ""
    for part in reversed(parts):  # an answer is called by what is judged after it
        judged = part["name"] if part["kind"] == "verdicts" else judged
        part["judged"] = judged
    return [part for part in parts if not (part["kind"] == "prediction" and part["comment"])]


def _is_shown(cell: NotebookNode) -> bool:
    return submission.is_solution(cell) or submission.is_judged(cell)


def _part(cell: NotebookNode, verdicts: list[Verdict], book: str) -> dict:
    marks = cell.metadata.nbgrader
    part = {"name": marks.grade_id, "comment": marks.get("comment"), "kind": "answer", "source": cell.source}
    if submission.is_judged(cell):
        mine = [v for v in verdicts if v.exercise == marks.grade_id]
        part["kind"] = "verdicts"
        part["card"] = cards.html(mine, book)
        part |= _marked(marks)
        part["by_hand"] = any(v.held for v in mine) or part["score"] != sum(v.points for v in mine)
    elif marks.get("grade"):
        part["kind"] = "written"
        part |= _marked(marks)
    elif cell.cell_type == "code":
        part["kind"] = "prediction" if marks.grade_id.startswith("prediction") else "answer"
        part["printed"] = "".join(o.text for o in cell.outputs if o.output_type == "stream")[:20_000]
        part["pictures"] = [o.data["image/png"] for o in cell.outputs if o.output_type == "display_data"]
        part["error"] = "\n".join("\n".join(o.traceback) for o in cell.outputs if o.output_type == "error")[:5_000]
    return part


def _marked(marks: NotebookNode) -> dict:
    """Return what the gradebook says of a cell: its points, of how many, and whether a person is to look at it."""
    return {"score": marks.get("score"), "points": marks.get("points"), "waiting": marks.get("waiting")}
