"""From a submitted file to a notebook that is the instructor's own but for the student's answers.

Nothing of a submission is trusted: from the source notebook comes every cell, its kind, its
metadata; from the submission comes the text of the solution cells, found by their id.
"""

import copy
import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import nbformat
from nbformat import NotebookNode

from autograder import naming, source_code

MAX_CELL_CHARACTERS = 200_000
MAX_WRITTEN_CHARACTERS = 20_000
# Of more or longer cells in one answer's place only the first counts: to put them together, they are parsed here.
MAX_PIECES = 10
MAX_TOGETHER_CHARACTERS = 50_000
# What nbgrader's exchange lays beside a submitted notebook; feedback finds its way back by them.
RECEIPTS = ("timestamp.txt", "submission_secret.txt")
RECEIPT_BYTES = 200
_NO_JSON = "The file is not a Jupyter notebook (it can't be read as JSON). Open it in JupyterLab, save it there and hand in that file."
# A space after each of these, and what follows is text: no tag, no entity, no link or image, no macro with an address.
_ACTIVE = re.compile(
    r"<(?=[^\s=<\d])|&(?=#?\w+;)|\](?=[(\[:])"
    r"|\\(?=(?:href|url|class|cssId|style|require|data|html\w*|mmlToken|bbox|includegraphics|mathtip)(?![A-Za-z]))"
)


@dataclass(frozen=True)
class Template:
    """An assignment as its instructor made it, and what its solution cells hold when released.

    stubs: text of the released solution cells by grade_id.
    """

    source: NotebookNode
    stubs: dict[str, str]


class BadSubmission(Exception):
    """The file can't be graded; the message tells the student why and what to do."""


class NothingHandedIn(BadSubmission):
    """There is no file."""


@dataclass(frozen=True)
class Answers:
    """What was found in a submission.

    texts: text of the solution cells by grade_id, put together where a cell was split.
    extra_cells: how many cells with code the student added, or copied elsewhere, that are not graded.
    unread: the grade_ids in whose place a later definition stands that Python can't read, and that does not count.
    """

    texts: dict[str, str]
    extra_cells: int
    unread: tuple[str, ...] = ()


def open_ordinary(path: Path) -> BinaryIO:
    """Open a file to read its bytes. Raises BadSubmission for anything but a regular file."""
    try:
        # Neither follow a link nor wait for a pipe's other end.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise _not_found(path) from None
    except OSError as error:
        reason = "it is a link: hand in the notebook itself" if error.errno == errno.ELOOP else error.strerror
        raise BadSubmission(f"{path.name} can't be opened as an ordinary file ({reason}).") from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise BadSubmission(f"{path.name} is not an ordinary file. Hand in the notebook itself.")
    return os.fdopen(number, "rb")


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return a file's bytes. Raises BadSubmission for anything but a regular file of moderate size."""
    for folder in (path.parent, path.parent.parent):
        if folder.is_symlink():
            raise BadSubmission(f"The folder {folder.name} is a link. Hand in an ordinary folder.")
    with open_ordinary(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise BadSubmission(f"{path.name} is too large: the limit is {max_bytes / 2**20:g} MiB. Clear its outputs.")
        return file.read(max_bytes)


def handed_in_at(folder: Path) -> datetime | None:
    """Return when a submission was handed in; None where nothing readable says so."""
    from autograder import times  # needs dateutil, and the judge does not

    try:
        return times.read_utc(read_file(folder / "timestamp.txt", RECEIPT_BYTES).decode())
    except (BadSubmission, ValueError):
        return None


def receipts(folder: Path) -> dict[str, str]:
    """Return {name: text} of what nbgrader's exchange laid beside a submitted notebook, as far as that can be read."""
    found = {}
    for name in RECEIPTS:
        try:
            found[name] = read_file(folder / name, RECEIPT_BYTES).decode()
        except (BadSubmission, UnicodeDecodeError):
            continue
    return found


def _not_found(path: Path) -> BadSubmission:
    """Return what to say where there is no file: what stands in its place, if anything does."""
    if path.suffix != ".ipynb":
        return BadSubmission(f"There is no file {path.name}.")
    try:
        others = sorted(p.name for p in path.parent.iterdir() if p.name not in RECEIPTS and p.name[0] != ".")
    except OSError:
        others = []
    if not others:
        return NothingHandedIn("Nothing was handed in for this assignment.")
    notebooks = [name for name in others if name.endswith(".ipynb")]
    names = ", ".join(naming.printable(name) for name in (notebooks or others)[:5])
    what = f"rename it to {path.name}" if notebooks else "hand in the notebook itself"
    return BadSubmission(f"No notebook called {path.name} was handed in, but {names}: {what}.")


def beside(path: Path) -> tuple[str, ...]:
    """Return the names of the other notebooks in a submission's folder; none where it holds no notebook of the right name."""
    if not os.path.lexists(path):
        return ()
    others = (p.name for p in path.parent.glob("[!.]*.ipynb") if p.name != path.name)
    return tuple(sorted(map(naming.printable, others)))[:5]


def answers(data: bytes, template: Template) -> Answers:
    """Return the student's answers from the bytes of a notebook. Raises BadSubmission."""
    cells = _cells(data)
    kinds = {cell.metadata.nbgrader.grade_id: cell.cell_type for cell in template.source.cells if is_solution(cell)}
    known = {cell.metadata.nbgrader.grade_id for cell in template.source.cells if "nbgrader" in cell.metadata}
    own = sum(_grade_id(cell) in known for cell in cells)
    foreign = sum(_grade_id(cell) is not None and _grade_id(cell) not in known for cell in cells)
    if own == 0 or own < foreign:
        raise BadSubmission(
            "This is not the notebook of this assignment, or a program that saved it dropped what marks its cells: "
            "answer in the notebook that was given out, and hand in that."
        )
    read: dict[str, tuple[str, list[str]]] = {}
    unread: dict[str, None] = {}
    for grade_id, copies, added in _places(cells, kinds, known):
        # Of several places with a cell's id the first that was worked on counts.
        if grade_id not in read or not read[grade_id][1]:
            pieces = _pieces(copies, added, template.stubs.get(grade_id, ""), kinds[grade_id])
            read[grade_id] = _as_one(pieces, kinds[grade_id]) if pieces else (copies[-1], [])
            if kinds[grade_id] == "code" and _broken_later(copies, added, read[grade_id][1], template.stubs.get(grade_id, "")):
                unread[grade_id] = None
    counted = {text.strip() for grade_id in read for text in read[grade_id][1]}
    extra = 0
    for cell in cells:
        grade_id, text = _grade_id(cell), _text(cell).strip()
        if cell.get("cell_type") == "code" and (grade_id in kinds or grade_id not in known):
            extra += text not in ("", template.stubs.get(grade_id)) and text not in counted
    return Answers({grade_id: text[:MAX_CELL_CHARACTERS] for grade_id, (text, _) in read.items()}, extra, tuple(unread))


def _places(cells: list[dict], kinds: dict[str, str], known: set[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (id, texts of the cells with it, texts of cells added right below) of each place where an answer stands.

    A place reaches to the assignment's next cell. JupyterLab gives both halves of a split cell the id, and a copy too.
    """
    here = None
    for cell in cells:
        grade_id = _grade_id(cell)
        if grade_id in known and (here is None or here[0] != grade_id):
            if here:
                yield here
            here = (grade_id, [], []) if grade_id in kinds else None
        if here and grade_id == here[0]:
            here[1].append(_text(cell))
        elif here and grade_id is None and cell.get("cell_type") == kinds[here[0]]:
            here[2].append(_text(cell))
    if here:
        yield here


def _pieces(copies: list[str], added: list[str], stub: str, kind: str) -> list[str]:
    """Return what was written in an answer's place; nothing if it was left as released.

    Code in cells that the student added below counts as far as it defines anew what the answer's own cell should
    define: whoever runs the notebook from top to bottom finds that definition in use. Words count if the answer's own
    cell was left as released.
    """
    written = [text for text in copies if text.strip() not in ("", stub)]
    if kind == "markdown":
        return written or [text for text in added if text.strip()]
    added = [text for text in added[:MAX_PIECES] if len(text) <= MAX_TOGETHER_CHARACTERS]
    asked = source_code.names_of(stub) if added else set()
    anew = [i for i, text in enumerate(added, start=1) if asked & source_code.names_of(text)]
    if not anew:
        return written
    before = written or [stub] * (stub in map(str.strip, copies))
    return [*before, *(text for text in added[: anew[-1]] if text.strip())]


def _broken_later(copies: list[str], added: list[str], used: list[str], stub: str) -> bool:
    """Whether below the cells that count a definition of what is asked for stands that Python can't read."""
    here = [*copies, *added][:MAX_PIECES]
    last = max((i for i, text in enumerate(here) if text in used), default=-1)
    asked = "|".join(map(re.escape, source_code.names_of(stub)))
    later = [text for text in here[last + 1 :] if asked and len(text) <= MAX_TOGETHER_CHARACTERS]
    return any(re.search(rf"\b(def|class)\s+({asked})\b", text) and not source_code.can_be_read(text) for text in later)


def _as_one(pieces: list[str], kind: str) -> tuple[str, list[str]]:
    """Return the text of pieces put together, and the pieces that are in it.

    Code is put together as long as it can be read: a broken piece takes nothing from the others.
    """
    if kind == "markdown" or len(pieces) < 2:
        return "\n\n".join(pieces), pieces
    whole, used = pieces[0], pieces[:1]
    for piece in pieces[1:MAX_PIECES]:
        together = f"{whole}\n{piece}"
        if len(together) > MAX_TOGETHER_CHARACTERS:
            break
        if source_code.can_be_read(together):
            whole, used = together, [*used, piece]
        elif not source_code.can_be_read(whole):
            alone = source_code.can_be_read(piece)
            whole, used = (piece, [piece]) if alone else (together, [*used, piece])
    return whole, used


def rebuild(template: Template, found: Answers | None) -> NotebookNode:
    """Return the source with its solutions replaced by the student's answers (or by nothing)."""
    notebook = copy.deepcopy(template.source)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if is_solution(cell):
            grade_id = cell.metadata.nbgrader.grade_id
            # nbgrader tells an answer from an untouched cell by the checksum of what was released.
            cell.source = template.stubs.get(grade_id, "")
            cell.metadata.nbgrader["checksum"] = checksum(cell)
            # A missing answer in words is an untouched one; missing code is told as missing.
            missing = cell.source if cell.cell_type == "markdown" else ""
            text = found.texts.get(grade_id, missing) if found else missing
            cell.source = harmless(text) if cell.cell_type == "markdown" and text != missing else text
    extra = found.extra_cells if found else 0
    untouched = found is not None and all(text.strip() in ("", template.stubs.get(name)) for name, text in found.texts.items())
    unread = list(found.unread) if found else []
    notebook.metadata["course"] = {"extra_cells": extra, "as_released": untouched and not extra, "unread": unread}
    return notebook


def checksum(cell: NotebookNode) -> str:
    """Return what ``nbgrader.utils.compute_checksum`` returns, without importing nbgrader."""
    marks = cell.metadata.nbgrader
    kind = [str(marks.get(key, False)) for key in ("grade", "solution", "locked")]
    points = [str(float(marks.points))] if marks.get("grade") else []
    return hashlib.md5("".join([cell.source, cell.cell_type, *kind, marks.grade_id, *points]).encode()).hexdigest()


def harmless(markdown: str) -> str:
    """Return Markdown that reads the same and does nothing; Formgrader shows it with its reader's rights."""
    return _ACTIVE.sub(r"\g<0> ", markdown[:MAX_WRITTEN_CHARACTERS])


@dataclass(frozen=True)
class Handed:
    """What was found where a submission should be: bytes, or the reason why there are none.

    nothing: whether that is because there is no file.
    """

    data: bytes | None = None
    problem: str | None = None
    nothing: bool = False


def hand_in(path: Path, max_bytes: int) -> Handed:
    """Read a submitted file; a bad one gives the reason."""
    try:
        return Handed(read_file(path, max_bytes))
    except BadSubmission as bad:
        return Handed(problem=str(bad), nothing=isinstance(bad, NothingHandedIn))


def rebuild_handed(handed: Handed, template: Template) -> NotebookNode:
    """Return the rebuilt notebook; of what can't be read, one without answers and with the reason."""
    problem = handed.problem
    if problem is None:
        try:
            return rebuild(template, answers(handed.data, template))
        except BadSubmission as bad:
            problem = str(bad)
    notebook = rebuild(template, None)
    notebook.metadata["course"] |= {"problem": problem, "nothing": handed.nothing}
    return notebook


def read_template(source: Path, released: Path) -> Template:
    """Read an instructor's source notebook and its release."""
    cells = nbformat.read(released, as_version=4).cells
    stubs = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if is_solution(cell)}
    return Template(nbformat.read(source, as_version=4), stubs)


def is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_judged(cell: NotebookNode) -> bool:
    """Whether the judge gives this cell its points (and not a person)."""
    marks = cell.metadata.get("nbgrader", {})
    return bool(marks.get("grade")) and not marks.get("solution")


def _read_anyway(data: bytes) -> str:
    """Return the text of bytes that are no whole UTF-8: a few of them are broken, or it is one byte a letter, as Notepad's "ANSI"."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return text if sum(letter > "\x7f" for letter in text) > 2 * broken else data.decode("cp1252", "replace")


def _cells(data: bytes) -> list[dict]:
    if not data.strip():
        raise BadSubmission("The file is empty: saving or uploading it failed. Save the notebook in JupyterLab and hand it in again.")
    try:
        try:
            notebook = json.loads(data)  # in UTF-8, or in UTF-16 as some programs of Windows write
        except UnicodeDecodeError:
            notebook = json.loads(_read_anyway(data))
    except json.JSONDecodeError as error:
        if error.doc.startswith("{") and (error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")):
            raise BadSubmission(
                "The file is not a Jupyter notebook as a whole: it ends in the middle. Saving or uploading it broke off. Hand it in again."
            ) from None
        raise BadSubmission(_NO_JSON) from None
    except (ValueError, RecursionError):
        raise BadSubmission(_NO_JSON) from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise BadSubmission("The file is not a Jupyter notebook of version 4: it has no list of cells. Save it in JupyterLab.")
    return [cell for cell in cells if isinstance(cell, dict)]


def _grade_id(cell: dict) -> str | None:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _text(cell: dict) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        return ""
    # A lone surrogate can't be written to a file again.
    return source.encode("utf-8", "replace").decode("utf-8")

