"""The feedback page of a submission: score, verdicts with hints and links, the student's answers."""

from nbformat import NotebookNode

from autograder import cards, course, pages, submission
from autograder.exercise import Verdict


def page(notebook: NotebookNode, about: dict) -> str:
    """Return the page as HTML. All text of the student's is escaped; the page runs no script.

    notebook: judged, with nbgrader's scores and comments in its cells' metadata.
    about: student, assignment, score, max_score and late_penalty, as nbgrader gives them.
    """
    verdicts = verdicts_of(notebook)
    book = pages.book_address(course.FEEDBACK / about["student"] / about["assignment"])
    return pages.render(
        "feedback.html",
        about=about,
        problem=notebook.metadata["course"].get("problem"),
        parts=[_part(cell, verdicts, book) for cell in notebook.cells if _is_shown(cell)],
        style=cards.STYLE,
    )


def verdicts_of(notebook: NotebookNode) -> list[Verdict]:
    """Return the verdicts that the judge left in a notebook."""
    return [Verdict(**row) for row in notebook.metadata["course"]["verdicts"]]


def _is_shown(cell: NotebookNode) -> bool:
    return submission.is_solution(cell) or submission.is_judged(cell)


def _part(cell: NotebookNode, verdicts: list[Verdict], book: str) -> dict:
    marks = cell.metadata.nbgrader
    part = {"name": marks.grade_id, "comment": marks.get("comment"), "kind": "answer", "source": cell.source}
    if submission.is_judged(cell):
        part["kind"] = "verdicts"
        part["card"] = cards.html((v for v in verdicts if v.exercise == marks.grade_id), book)
    elif marks.get("grade"):
        part["kind"] = "written"
        part["score"], part["points"] = marks.get("score"), marks.get("points")
        part["waiting"] = marks.get("score") is None
    elif cell.cell_type == "code":
        part["printed"] = "".join(o.text for o in cell.outputs if o.output_type == "stream")[:20_000]
        part["pictures"] = [o.data["image/png"] for o in cell.outputs if o.output_type == "display_data"]
        part["error"] = "\n".join("\n".join(o.traceback) for o in cell.outputs if o.output_type == "error")[:5_000]
    return part
