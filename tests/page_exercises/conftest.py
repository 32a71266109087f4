"""Small sites that have the chapters' exercises on one page, and a browser to work them."""

import contextlib
import functools
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_exercises import copy_pyodide

from .. import small_site
from ..browser import MISSING, chromium
from . import pyodide
from .chapters import BOOK, exercises

CONFIG = {"extensions": ["myst_nb", "page_exercises"], "nb_execution_mode": "force", "nb_execution_raise_on_error": True}
KERNEL = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"


def cell(tag: str, code: str) -> str:
    return f"```{{code-cell}} ipython3\n:tags: [{tag}]\n{code}\n```\n"


def pairs(*names: str) -> str:
    found = exercises()
    return "\n".join(cell("exercise", found[name].code) + "\n" + cell("check", found[name].check) for name in names)


def build(folder: Path, text: str, builder: str = "html", **env: str) -> subprocess.CompletedProcess:
    """Build a site of an index and the page 1_z_scores, which has the given text, into folder/<builder>."""
    pages = {"index": "# Index\n\nNo exercise.\n\n```{toctree}\n1_z_scores\n```\n", "1_z_scores": f"{KERNEL}# Page\n\n{text}"}
    env = {"PYTHONPATH": str(BOOK), "COURSE_PYODIDE": "", "COURSE_REPOSITORY": "", **env}
    return small_site.build_strictly(folder, CONFIG, pages, builder, **env)


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves a folder to every origin, as a CDN does, and notes what was asked for."""

    asked: list[str]

    def __init__(self, *arguments, asked: list[str], **more) -> None:
        self.asked = asked
        super().__init__(*arguments, **more)

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *arguments) -> None:
        self.asked.append(self.path)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the folder's address on loopback, and the list of the paths asked for."""
    asked: list[str] = []
    handler = functools.partial(Files, directory=str(folder), asked=asked)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(scope="session")
def python() -> Path:
    """The folder with Pyodide."""
    try:
        return pyodide.folder()
    except pyodide.NotToBeHad as reason:
        pytest.skip(f"no Pyodide with NumPy to run the exercises with: {reason}")


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """All exercises on a page that takes Pyodide from its CDN."""
    folder = tmp_path_factory.mktemp("site")
    done = build(folder, pairs(*exercises()))
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="session")
def local_site(tmp_path_factory, site, python) -> Path:
    """The same with Pyodide in the site, as a build with COURSE_PYODIDE lays it down."""
    folder = tmp_path_factory.mktemp("local") / "html"
    shutil.copytree(site, folder)
    copy_pyodide(python, folder / "_static" / "pyodide")
    with_python(folder, "1_z_scores.html", "_static/pyodide/")
    return folder


def with_python(site: Path, name: str, address: str) -> str:
    """Write a copy of the page that takes Pyodide from another address; return its name."""
    page = re.sub('data-python="[^"]*"', f'data-python="{address}"', (site / "1_z_scores.html").read_text())
    (site / name).write_text(page)
    return name


@pytest.fixture(scope="session")
def driver():
    if MISSING:
        pytest.skip(f"the exercises are tested in a browser: {MISSING}")
    with chromium() as started:
        yield started
