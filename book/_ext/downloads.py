"""Notebooks to take home from the site: a chapter with the modules that it runs, and its assignment's folder."""

import ast
import json
import zipfile
from pathlib import Path

from myst_nb.core.read import read_myst_markdown_notebook

BOOK = Path(__file__).resolve().parent.parent
NOTEBOOKS = BOOK.parent / "notebooks"
CHAPTERS, ASSIGNMENTS = "downloads/chapters", "downloads/assignments"
RUN_TIME = {"__pycache__", ".ipynb_checkpoints"}
WRITTEN = (2026, 1, 1, 0, 0, 0)  # one date for every file: the same content gives the same archive

FIRST_CELL = """\
A chapter of the book, to run and to change. It needs `numpy`, `matplotlib` and `myst-nb`
(`pip install numpy matplotlib myst-nb jupyterlab`) and the folder `experiments` beside it. The text is MyST Markdown:
JupyterLab shows its formulas, and with the extension `jupyterlab-myst` its boxes and references too."""


def write(site: Path, source: Path, stem: str) -> None:
    """Write both archives of a chapter into the site."""
    write_archive(site / CHAPTERS / f"{stem}.zip", chapter(source, stem))
    if assignment(stem):
        write_archive(site / ASSIGNMENTS / f"{stem}_assignment.zip", assignment(stem))


def chapter(source: Path, stem: str) -> dict[str, bytes]:
    """Return {name in the archive: content}: the chapter as a notebook without outputs, and its modules."""
    notebook = read_myst_markdown_notebook(source.read_text(encoding="utf-8"))
    cells = [{"cell_type": "markdown", "metadata": {}, "source": FIRST_CELL}, *notebook.cells]
    as_json = {
        "cells": [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)],
        "metadata": {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    files = {f"{stem}/{stem}.ipynb": json.dumps(as_json, indent=1, ensure_ascii=False).encode()}
    files |= {f"{stem}/{path.relative_to(BOOK).as_posix()}": path.read_bytes() for path in modules(code)}
    return files


def modules(sources: list[str]) -> list[Path]:
    """Return the files of `experiments` that the sources import, directly or through one another."""
    found, waiting = {BOOK / "experiments" / "__init__.py"}, set(sources)
    while waiting:
        new = imported(waiting.pop()) - found
        found |= new
        waiting |= {path.read_text(encoding="utf-8") for path in new}
    return sorted(found)


def imported(source: str) -> set[Path]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    paths = [BOOK / (name.replace(".", "/") + ".py") for name in names if name.split(".")[0] == "experiments"]
    return {path for path in paths if path.is_file()}


def assignment(stem: str) -> dict[str, bytes]:
    """Return {name in the archive: content} of the released assignment; empty where there is none."""
    found = sorted((NOTEBOOKS / stem).rglob("*"))
    paths = [path for path in found if path.is_file() and not RUN_TIME & set(path.parts)]
    return {path.relative_to(NOTEBOOKS).as_posix(): path.read_bytes() for path in paths}


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, WRITTEN)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
