"""What a row of the attack tables is, and small ways to make a submission for one."""

import copy
import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder import exercises
from tests import sample_class

STEM = "1_z_scores"
TOPIC = exercises.topic(STEM)
EXERCISES = tuple(exercise.name for exercise in TOPIC.exercises)
FIRST = EXERCISES[0]
QUIZ = TOPIC.quiz.name
ALL = (*EXERCISES, QUIZ)
NOTHING = ()

WRONG = """
import numpy as np
def standard_deviation(scores): return 0.5
def z_scores(scores): return np.full(np.shape(scores), 0.5)
def z_scores_by_row(table): return np.full(np.shape(table), 0.5)
def running_mean_variance(stream): return 0.5, 0.5
answers = {"q1": "z", "q2": "z", "q3": "z", "q4": "z"}
"""


@dataclass(frozen=True)
class Place:
    """Where one student hands in: the released notebook, empty and solved, and the file to write."""

    root: Path
    path: Path
    released: dict
    right: dict

    @property
    def folder(self) -> Path:
        return self.path.parent

    def empty(self) -> dict:
        return copy.deepcopy(self.released)

    def solved(self) -> dict:
        return copy.deepcopy(self.right)

    def write(self, notebook: dict) -> None:
        self.path.write_text(json.dumps(notebook), encoding="utf-8")


Make = Callable[[Place], None]


@dataclass(frozen=True)
class Row:
    """A submission and what it deserves.

    name: of the row, and of the student's folder after "atk_" where ``folder`` names no other.
    earns: the exercises (and the quiz) that may earn points.
    loses: checks ("exercise/check") that may not earn theirs all the same.
    exact: all of that must be earned, as an accident must, and an answer beside a bad one.
    tells: words that the result must have, in a hint or as the submission's problem.
    refused: the command reports the folder instead of grading it; absent: it passes the folder over.
    slow: it takes seconds, or is one of many alike; runs with ``make attacks`` only.
    seconds: how long it may take.
    """

    name: str
    make: Make
    earns: tuple[str, ...] = NOTHING
    loses: tuple[str, ...] = ()
    exact: bool = False
    tells: str = ""
    refused: bool = False
    absent: bool = False
    slow: bool = False
    seconds: float = 4.0
    folder: str = ""

    @property
    def student(self) -> str:
        return f"atk_{self.folder or self.name}"

    @property
    def named(self) -> str:
        """How the results name the student: of a folder that is refused, in letters that give no terminal an order."""
        return ascii(self.student)[1:-1] if self.refused else self.student


def place(root: Path, student: str) -> Place:
    """Return the place of a student in the course at ``root``."""
    folder = root / "grading" / "submitted" / student / STEM
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(root / "notebooks" / STEM / f"{STEM}.ipynb", as_version=4)
    released = json.loads(json.dumps(notebook))
    sample_class.solve(notebook, STEM)
    return Place(root, folder / f"{STEM}.ipynb", released, json.loads(json.dumps(notebook)))


# cells ----------------------------------------------------------------------------------------


def marks(cell: dict) -> dict:
    found = cell["metadata"].get("nbgrader", {})
    return found if isinstance(found, dict) else {}


def solutions(notebook: dict) -> list[dict]:
    """Return the cells of code that a student writes."""
    return [cell for cell in notebook["cells"] if marks(cell).get("solution") and cell["cell_type"] == "code"]


def written(notebook: dict) -> dict:
    """Return the cell of the answer in words."""
    return next(cell for cell in notebook["cells"] if marks(cell).get("solution") and cell["cell_type"] == "markdown")


def judged(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if marks(cell).get("grade") and not marks(cell).get("solution")]


def cell_of(notebook: dict, name: str) -> dict:
    """Return the cell that holds the answer to the exercise or quiz ``name``."""
    cells = notebook["cells"]
    test = next(i for i, cell in enumerate(cells) if marks(cell).get("grade_id") == name)
    return [cell for cell in cells[:test] if cell in solutions(notebook)][-1]


def new_cell(source: str, kind: str = "code", **metadata) -> dict:
    more = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": metadata, "source": source, **more}


# ways to make a submission ----------------------------------------------------------------------


def code(text: str, before: str = WRONG) -> Make:
    """All of the answers are this one text in the first cell; ``before`` defines what it leaves out."""

    def make(place: Place) -> None:
        notebook = place.empty()
        for cell in solutions(notebook):
            cell["source"] = ""
        solutions(notebook)[0]["source"] = before + textwrap.dedent(text)
        place.write(notebook)

    return make


def changed(change: Callable[[dict], None]) -> Make:
    """A solved notebook to which something was done."""

    def make(place: Place) -> None:
        notebook = place.solved()
        change(notebook)
        place.write(notebook)

    return make


def untouched(change: Callable[[dict], None]) -> Make:
    """The released notebook, not worked on, to which something was done."""

    def make(place: Place) -> None:
        notebook = place.empty()
        change(notebook)
        place.write(notebook)

    return make


def answered(name: str, text: str) -> Make:
    """A solved notebook with another answer to one exercise."""
    return changed(lambda notebook: cell_of(notebook, name).update(source=textwrap.dedent(text)))


def around(name: str, before: str = "", after: str = "") -> Make:
    """A solved notebook with something before and after one right answer."""

    def change(notebook: dict) -> None:
        cell = cell_of(notebook, name)
        cell["source"] = textwrap.dedent(before) + cell["source"] + "\n" + textwrap.dedent(after)

    return changed(change)


def data(content: bytes) -> Make:
    """A file with these bytes."""
    return lambda place: place.path.write_bytes(content) and None
