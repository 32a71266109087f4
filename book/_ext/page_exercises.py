"""Exercises in the page: a code cell with the tag `exercise`, and right behind it one with the tag `check`.

In JupyterLab the two are ordinary cells. The page gets an editor with a button "Run and check", which runs both in
Pyodide (``book/_exercises/exercise.js``). Without a script, and on paper, the code is read as it stands.

At build time both cells run like any other. What the check then says must be "Not written yet": a check that finds
the stub right or wrong is a warning here. An exercise is called what its first function is called.

Settings, each of them also an environment variable:

- ``course_repository`` (COURSE_REPOSITORY): the course's address on GitHub, empty at first. With it, the exercises
  link to Binder and Colab.
- ``course_pyodide`` (COURSE_PYODIDE): a folder with Pyodide and NumPy's wheel, which is then copied into the site, so
  that the exercises need no other host. Without it Pyodide comes from its CDN, and only when a reader presses Run.
"""

import hashlib
import json
import os
import re
import shutil
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging

import downloads
import progress
from static_files import copy_static

BOOK = Path(__file__).resolve().parent.parent
SOURCE = BOOK / "_exercises"
# What Pyodide finds as files of its own, besides the code of the exercise.
PYTHON_FILES = {
    "runner.py": SOURCE / "runner.py",
    "experiments/page_checks.py": BOOK / "experiments" / "page_checks.py",
}

PYODIDE = "0.27.7"
PYODIDE_CDN = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/"
PYODIDE_FILES = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
MEGABYTES = {"cdn": 9, "here": 17}  # what a first run loads: the CDN compresses the core, a plain server does not

logger = logging.getLogger(__name__)


class page_exercise(nodes.General, nodes.Element):
    """An exercise; its child is the code as a literal block. Attributes: name, check, page."""


# From cells to exercises


def cell_tags(node: nodes.Node) -> set[str]:
    return {name.removeprefix("tag_") for name in node.get("classes", ()) if name.startswith("tag_")}


def code_of(cell: nodes.Element) -> nodes.literal_block:
    source = next(child for child in cell.children if "cell_input" in child["classes"])
    return next(source.findall(nodes.literal_block))


def output_of(cell: nodes.Element) -> str:
    return "\n".join(child.astext() for child in cell.children if "cell_output" in child["classes"])


def find_exercises(app, doctree: nodes.document) -> None:
    """Put a `page_exercise` in the place of each pair of cells."""
    cells = [node for node in doctree.findall(nodes.container) if node.get("nb_element") == "cell_code"]
    checks = [cell for cell in cells if "check" in cell_tags(cell)]
    for cell in cells:
        if "exercise" not in cell_tags(cell):
            continue
        after = cell.next_node(descend=False, siblings=True)
        if after not in checks:
            logger.warning("an exercise without a check behind it", location=cell)
            continue
        checks.remove(after)
        make_exercise(app, cell, after)
    for cell in checks:
        logger.warning("a check without an exercise before it", location=cell)


def make_exercise(app, cell: nodes.Element, check: nodes.Element) -> None:
    code, docname = code_of(cell), app.env.docname
    found = re.search(r"^def (\w+)", code.astext(), re.MULTILINE)
    if not found:
        logger.warning("an exercise without a function", location=cell)
        return
    name = found[1]
    said = output_of(check).strip()
    if not said.startswith("Not written yet."):
        logger.warning("the check of %s does not call the stub unwritten: %r", name, said, location=check)
    try:
        number = progress.register(app.env, docname, "exercise", name, name, f"exercise-{name}")
    except ValueError as error:
        logger.warning("%s", error, location=cell)
        return
    node = page_exercise(name=name, number=number, page=progress.page_name(docname), check=code_of(check).astext())
    node["ids"].append(f"exercise-{name}")
    node.source, node.line = cell.source, cell.line
    node += code
    cell.replace_self(node)
    check.parent.remove(check)
    app.env.metadata[docname]["has_exercises"] = "yes"
    app.env.note_dependency(str(PYTHON_FILES["experiments/page_checks.py"]))


# Into the page


def open_exercise(translator, node: page_exercise) -> None:
    name = escape(node["name"])
    heading = f'<p class="exercise-heading">Exercise {node["number"]} in the page: <code>{name}</code></p>\n'
    if translator.builder.name == "singlehtml":  # the book on paper
        translator.body.append(f'<div class="page-exercise" id="exercise-{name}">\n{heading}')
        return
    config, here = translator.config, translator.builder.current_docname
    python = config.course_pyodide_address
    if not urlsplit(python).netloc:
        python = to_root(here) + python
    translator.body.append(
        f'<course-exercise class="page-exercise" id="exercise-{name}" data-name="{name}" '
        f'data-page="{escape(node["page"])}" data-python="{escape(python)}" data-megabytes="{megabytes(config)}">\n'
        f'{heading}<div class="exercise-source">\n'
    )


def close_exercise(translator, node: page_exercise) -> None:
    if translator.builder.name == "singlehtml":
        translator.body.append("</div>\n")
        return
    parts = {"code": node.astext(), "check": node["check"]}
    if node["number"] == 1:
        parts["files"] = python_files()  # once a page
    as_json = json.dumps(parts, ensure_ascii=False).replace("<", "\\u003c")
    translator.body.append(
        f'</div>\n<script type="application/json">{as_json}</script>\n{elsewhere(translator, node)}</course-exercise>\n'
    )


def to_root(docname: str) -> str:
    """Return the way from a page to the site's root folder."""
    return "../" * docname.count("/")


def python_files() -> dict[str, str]:
    return {name: path.read_text(encoding="utf-8") for name, path in PYTHON_FILES.items()}


def megabytes(config) -> int:
    return MEGABYTES["cdn" if urlsplit(config.course_pyodide_address).netloc else "here"]


def elsewhere(translator, node: page_exercise) -> str:
    """Return the other ways to do an exercise: JupyterLab, downloads, and hosts where a repository is known."""
    docname, stem = translator.builder.current_docname, node["page"]
    source, up = translator.builder.env.doc2path(docname, base=False), to_root(docname)
    items = [
        "This chapter as a notebook for JupyterLab, its exercises as ordinary cells: "
        f'<a href="{up}{downloads.CHAPTERS}/{stem}.zip" download>{stem}.zip</a>. '
        f"Its source is <code>{escape(str(source))}</code>."
    ]
    if downloads.assignment(stem):
        archive = f"{stem}_assignment.zip"
        items.append(
            "The chapter’s assignment: <code>make lab</code> opens JupyterLab, and there is "
            f'<code>{stem}/{stem}.ipynb</code>; or take <a href="{up}{downloads.ASSIGNMENTS}/{archive}" download>{archive}</a>.'
        )
        items += hosted(translator.config.course_repository, stem)
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f'<details class="exercise-elsewhere"><summary>Do it elsewhere</summary><ul>{listed}</ul></details>\n'


def hosted(repository: str, stem: str) -> list[str]:
    """Return the lines on Binder and Colab for the assignment; none without a repository."""
    if not repository:
        return []
    owner, name = github(repository)
    notebook = f"notebooks/{stem}/{stem}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{owner}/{name}/HEAD?urlpath=lab/tree/{notebook}"
    colab = f"https://colab.research.google.com/github/{owner}/{name}/blob/HEAD/{notebook}"
    return [
        f'In a browser: <a href="{binder}">on Binder</a>, or <a href="{colab}">in Colab</a>. '
        f"In Colab run this in a cell of its own first: <code>!git clone https://github.com/{owner}/{name}</code>, "
        f"then <code>%cd {name}/notebooks/{stem}</code>."
    ]


def github(repository: str) -> tuple[str, str]:
    """Return owner and name. Raises ExtensionError if it is no address on GitHub: Binder and Colab need one."""
    found = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?", repository)
    if not found:
        raise ExtensionError(f"course_repository must be like https://github.com/owner/name, not {repository!r}")
    return found[1], found[2]


# Files


def configure(app, config) -> None:
    """Take the settings from the environment, and say where the page finds Pyodide."""
    config.course_repository = os.environ.get("COURSE_REPOSITORY", config.course_repository)
    config.course_pyodide = os.environ.get("COURSE_PYODIDE", config.course_pyodide)
    config.course_pyodide_address = "_static/pyodide/" if config.course_pyodide else PYODIDE_CDN
    if config.course_repository:
        github(config.course_repository)


def copy_files(app) -> None:
    if app.builder.format != "html" or app.builder.name == "singlehtml":
        return
    copy_static(app, "exercises", (path for path in SOURCE.iterdir() if path.suffix in {".js", ".css"}))
    if app.config.course_pyodide:
        copy_pyodide(Path(app.config.course_pyodide), Path(app.outdir) / "_static" / "pyodide")


def copy_pyodide(folder: Path, target: Path) -> None:
    """Copy what a page loads.

    Raises ExtensionError if a file is missing or NumPy's wheel is not the one of Pyodide's lock.
    """
    missing = [name for name in PYODIDE_FILES if not (folder / name).is_file()]
    if missing:
        raise ExtensionError(f"COURSE_PYODIDE: {folder} lacks {', '.join(missing)}")
    numpy = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]["numpy"]
    wheel = folder / numpy["file_name"]
    if not wheel.is_file() or hashlib.sha256(wheel.read_bytes()).hexdigest() != numpy["sha256"]:
        raise ExtensionError(
            f"COURSE_PYODIDE: {folder} lacks {wheel.name}, or it is not the one that pyodide-lock.json names"
        )
    target.mkdir(parents=True, exist_ok=True)
    for name in (*PYODIDE_FILES, wheel.name):
        shutil.copy(folder / name, target)


def has_exercises(env, docname: str) -> bool:
    return "has_exercises" in env.metadata.get(docname, {})


def load_files(app, pagename, templatename, context, doctree) -> None:
    if has_exercises(app.env, pagename):
        app.add_css_file("exercises/exercise.css")
        app.add_js_file("exercises/exercise.js", loading_method="defer")


def write_downloads(app, exception) -> None:
    if exception or app.builder.name == "singlehtml" or app.builder.format != "html":
        return
    for docname in sorted(app.env.found_docs):
        if has_exercises(app.env, docname):
            downloads.write(Path(app.outdir), Path(app.env.doc2path(docname)), progress.page_name(docname))


def only_the_code(translator, node) -> None:
    pass


def setup(app) -> dict:
    app.setup_extension("progress")
    app.add_config_value("course_repository", "", "html", types=str)
    app.add_config_value("course_pyodide", "", "", types=str)
    app.add_config_value("course_pyodide_address", "", "html", types=str)
    plain = (only_the_code, only_the_code)
    app.add_node(page_exercise, html=(open_exercise, close_exercise), latex=plain, text=plain, man=plain, texinfo=plain)
    app.connect("config-inited", configure)
    app.connect("builder-inited", copy_files)
    app.connect("doctree-read", find_exercises)
    app.connect("html-page-context", load_files)
    app.connect("build-finished", write_downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
