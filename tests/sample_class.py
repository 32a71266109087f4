"""A class of ten who hand in every assignment, made from the implementations that the judge is tested on.

``python -m tests.sample_class`` writes ``grading/submitted/sample_*/``; with ``--show`` it prints
what the gradebook says of them.
"""

import json
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder import course, exercises

IMPLEMENTATIONS = Path(__file__).parent / "implementations"
CAREFUL = "Each number is measured against the mean and spread of its own row, so unlike rows meet on one scale."
LOOP = "def {name}(*args, **kwargs):\n    while True:\n        pass\n\n{name}.apply = {name}  # where a class is asked for\n"
TYPO = "def {name}(x)\n    return x\n"

# Where a student departs from a right answer: exercise (by its place) -> which wrong file (by its place).
MISTAKES = {
    "sample_ada": {},
    "sample_bela": {0: 0},
    "sample_chidi": {0: 2, 1: 1},
    "sample_dana": {1: 3, 2: 2},
    "sample_emil": {0: 4, 1: 5, 2: 6},
    "sample_fatou": {2: 1},
}
STUDENTS = (*MISTAKES, "sample_goran", "sample_hana", "sample_ines", "sample_jonas")


def write(submitted: Path, notebooks: Path) -> None:
    """Write every student's submission of every assignment."""
    for stem in exercises.stems():
        released = notebooks / stem / f"{stem}.ipynb"
        for place, student in enumerate(STUDENTS):
            path = submitted / student / stem / f"{stem}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_submission(student, place, stem, nbformat.read(released, as_version=4)))


def answer(notebook: NotebookNode, name: str, source: str) -> None:
    """Put ``source`` into the solution cell that belongs to the judged cell ``name``."""
    cells = notebook.cells
    judged = next(i for i, cell in enumerate(cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name)
    before = [c for c in cells[:judged] if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution")]
    before[-1].source = source


def solve(notebook: NotebookNode, stem: str, place: int = 0, mistakes: dict[int, int] | None = None) -> None:
    """Answer every exercise and the quiz of a released notebook; ``mistakes`` as in MISTAKES."""
    topic = exercises.topic(stem)
    for i, exercise in enumerate(topic.exercises):
        folder = IMPLEMENTATIONS / stem / exercise.name
        right, wrong = sorted(folder.glob("right/*.py")), sorted(folder.glob("wrong/*.py"))
        chosen = wrong[mistakes[i] % len(wrong)] if mistakes and i in mistakes else right[place % len(right)]
        answer(notebook, exercise.name, chosen.read_text())
    letters = {q.name: q.answer for q in topic.quiz.questions}
    if mistakes:
        letters[topic.quiz.questions[0].name] = next(iter(topic.quiz.questions[0].why))
    answer(notebook, topic.quiz.name, f"{topic.quiz.variable} = {json.dumps(letters)}")
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade") and marks.get("solution"):
            cell.source = CAREFUL


def _submission(student: str, place: int, stem: str, notebook: NotebookNode) -> str:
    first = exercises.topic(stem).exercises[0].name
    if student != "sample_ines":  # Ines hands in what she was given
        solve(notebook, stem, place, MISTAKES.get(student))
    if student == "sample_goran":
        answer(notebook, first, LOOP.format(name=first))
    if student == "sample_hana":
        answer(notebook, first, TYPO.format(name=first))
    text = nbformat.writes(notebook)
    return text[: len(text) // 2] if student == "sample_jonas" else text  # Jonas' upload broke off


def show() -> None:
    """Print the sample class's scores from the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(course.nbgrader_config().CourseDirectory.db_url) as gradebook:
        print(f"{'sample class':16}" + "".join(f"{stem:>24}" for stem in exercises.stems()))
        for student in STUDENTS:
            scores = [gradebook.find_submission(stem, student) for stem in exercises.stems()]
            print(f"{re.sub('^sample_', '', student):16}" + "".join(f"{s.score:>18g} of {s.max_score:g}" for s in scores))


if __name__ == "__main__":
    if "--show" in sys.argv:
        show()
    else:
        write(course.SUBMITTED, course.NOTEBOOKS)
        print(f"{len(STUDENTS)} students handed in {len(exercises.stems())} assignments: {course.SUBMITTED}")
