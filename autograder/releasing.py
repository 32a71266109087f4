"""From the instructor's sources to what students get: the notebooks, and a bundle with the site."""

import contextlib
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder import course, exercises, recording

BUNDLE = "normalisation-course"
_RUN_TIME = ("__pycache__", ".ipynb_checkpoints")
_DRAFT = ".release"
_START = """# Normalisation inside transformers

Read: open `site/index.html` in a browser. It works offline.

Solve: with Python 3.11 to 3.14, in a terminal in this folder:

    python -m venv .venv
    .venv/bin/python -m pip install -r requirements-student.txt
    .venv/bin/jupyter lab --config=lab_config.py notebooks/1_z_scores/1_z_scores.ipynb

On Windows write `.venv\\Scripts\\` in place of `.venv/bin/`.
"""


class ReleaseFailed(Exception):
    """A release was stopped; the message says why."""


def release(config: Config) -> list[Path]:
    """Make ``notebooks/`` from ``solutions/`` by nbgrader. Returns the folders. Raises ReleaseFailed, CannotGrade."""
    course.GRADING.mkdir(parents=True, exist_ok=True)
    recording.open_gradebook(config.CourseDirectory, to_write=True).close()
    api = NbGraderAPI(coursedir=CourseDirectory(config=config), config=config)
    for stem in exercises.stems():
        outcome = api.generate_assignment(stem, force=True, create=True)
        if not outcome["success"]:
            raise ReleaseFailed(f"{stem} could not be released:\n{_why(outcome)}")
    return [course.NOTEBOOKS / stem for stem in exercises.stems()]


@contextlib.contextmanager
def aside() -> Iterator[Path]:
    """Yield an empty folder; what was released into it then takes its place in ``notebooks/``. Raises ReleaseFailed.

    If the block fails, or something hidden would slip through, ``notebooks/`` stays as it was.
    """
    draft = course.NOTEBOOKS / _DRAFT
    try:
        shutil.rmtree(draft, ignore_errors=True)  # of a release that was killed
        draft.mkdir(parents=True)
        yield draft
        for folder in draft.iterdir():
            for link in (course.SOLUTIONS / folder.name).iterdir():
                if link.is_symlink() and link.is_dir():  # nbgrader follows links to files, not to folders
                    shutil.copytree(link, folder / link.name, ignore=shutil.ignore_patterns(*_RUN_TIME), dirs_exist_ok=True)
        _stop_on(leaks(draft))
        for folder in list(draft.iterdir()):
            place = course.NOTEBOOKS / folder.name
            if place.exists():
                place.rename(draft / f"{folder.name}.old")
            folder.rename(place)
    except OSError as error:
        raise ReleaseFailed(f"notebooks/ can't be written: {error.strerror}: {error.filename}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _why(outcome: dict) -> str:
    """Return the reasons in nbgrader's log, of a traceback its last line: what it gives as the error only points there."""
    log = outcome.get("log") or ""
    said = []
    for level, text in re.findall(r"^\[([A-Z]+)\] (.*(?:\n(?!\[[A-Z]+\] ).*)*)", log, re.MULTILINE):
        if level == "ERROR" and not text.startswith(("There was an error processing", "Please see the")):
            said.append(text.strip().rpartition("\n")[2].strip() if text.startswith("Traceback") else text.rstrip())
    return "\n".join(said) or outcome.get("error") or log


def bundle() -> Path:
    """Pack site, notebooks and student requirements into ``dist/``. Raises ReleaseFailed."""
    if not (course.SITE / "index.html").exists():
        raise ReleaseFailed("The site is not built yet: run `make site` first.")
    folder = course.DIST / BUNDLE
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "START.md").write_text(_START)
    for name in ("requirements-student.txt", "lab_config.py", "LICENSE", "LICENSE-TEXT.md"):
        shutil.copy(course.ROOT / name, folder)
    ignored = shutil.ignore_patterns(*_RUN_TIME, ".buildinfo*", _DRAFT)
    for archive in (course.SITE / "downloads" / "assignments").glob("*_assignment.zip"):
        stem = archive.name.removesuffix("_assignment.zip")
        _pack(course.NOTEBOOKS / stem, archive, stem)  # the site was built before this release
    shutil.copytree(course.SITE, folder / "site", ignore=ignored)
    shutil.copytree(course.NOTEBOOKS, folder / "notebooks", ignore=ignored)
    _stop_on(leaks(folder))
    archive = course.DIST / f"{BUNDLE}.zip"
    _pack(folder, archive, BUNDLE)
    shutil.rmtree(folder)
    return archive


def _pack(folder: Path, archive: Path, top: str) -> None:
    """Pack a folder so that the archive has one folder ``top``; the same files give the same archive."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not set(_RUN_TIME) & set(path.parts):
                entry = zipfile.ZipInfo((Path(top) / path.relative_to(folder)).as_posix(), (2026, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                packed.writestr(entry, path.read_bytes())


def leaks(folder: Path) -> list[str]:
    """Return what a folder for students holds of the instructor's side, as "file: what"."""
    hidden = _hidden_lines()
    answers = _answer_lines()
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        within = path.relative_to(folder)  # the course itself may lie in a folder of any name
        name = within.as_posix()
        if path.name in ("gradebook.db", "course_secret") or "autograder" in within.parts:
            found.append(f"{name}: the file itself")
        if path.suffix not in (".ipynb", ".py", ".html", ".md", ".txt", ".js", ".json"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        wanted = hidden | answers if path.suffix in (".ipynb", ".py") else hidden
        lines = {_plain(line) for line in text.splitlines()}
        found += [f"{name}: {line[:60]}" for line in wanted & lines]
        if re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)|# SOLUTION", text) and path.suffix in (".ipynb", ".py"):
            found.append(f"{name}: a marker of the source notebooks")
    return found


def _stop_on(found: list[str]) -> None:
    if found:
        raise ReleaseFailed("Stopped: what students would get holds hidden material:\n  " + "\n  ".join(found[:20]))


def _hidden_lines() -> set[str]:
    """Long lines of the hidden modules: long enough not to stand elsewhere by chance.

    Lines at the margin are left out: there stand the published examples, which the visible checks share.
    """
    modules = (Path(__file__).parent / "exercises").rglob("*.py")
    lines = (line for path in modules for line in path.read_text().splitlines())
    return {_plain(line) for line in lines if line[:1].isspace() and len(line.strip()) >= 60}


def _answer_lines() -> set[str]:
    """Lines of the solutions and rubrics that a release must not hold; not those that a source shows elsewhere, too."""
    hidden, shown = set(), set()
    marked = r"(?s)BEGIN (?:SOLUTION|HIDDEN TESTS|MARK SCHEME).*?END|[^\n]*# SOLUTION"
    for stem in exercises.stems():
        for cell in nbformat.read(course.source_notebook(stem), as_version=4).cells:
            hidden |= {_plain(line) for region in re.findall(marked, cell.source) for line in region.splitlines()}
            shown |= {_plain(line) for line in re.sub(marked, "", cell.source).splitlines()}
    return {line for line in hidden - shown if len(line) >= 25}


def _plain(line: str) -> str:
    """A line as it stands in a text file or, quoted and escaped, in a notebook's JSON."""
    line = line.strip().rstrip(",")
    if len(line) > 1 and line[0] == line[-1] == '"':
        line = line[1:-1].removesuffix("\\n").replace('\\"', '"').replace("\\\\", "\\")
    return line.strip()
