"""What the build makes of the cells: the page, its downloads, its links, and the mistakes that break it."""

import json
import zipfile
from types import SimpleNamespace

import downloads
import nbformat
import page_exercises
import pytest
from nbclient import NotebookClient
from sphinx.errors import ExtensionError

from .chapters import BOOK, ROOT
from .conftest import build, cell

NOTEBOOKS = ROOT / "notebooks"
SITE = ROOT / "_build" / "html"

STUB = 'import numpy as np\n\n\ndef twice(x):\n    """Twice x."""'
CHECK = """from experiments.page_checks import run_check


@run_check
def check_twice(check):
    check.compare(check.call(twice, 3), 6)
    return "Good."
"""
PAIR = f"{cell('exercise', STUB)}\n{cell('check', CHECK)}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A page with one exercise, where the course's address is known."""
    folder = tmp_path_factory.mktemp("made")
    done = build(folder, PAIR, COURSE_REPOSITORY="https://github.com/someone/a-course")
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_the_page_has_the_code_and_not_the_checks_output(made):
    page = (made / "1_z_scores.html").read_text()
    inside = page.split("<course-exercise")[1].split("</course-exercise>")[0]
    shown = inside.split('<script type="application/json">')[0]
    assert "twice" in shown and "run_check" not in shown and "Not written yet." not in page.split("<course-exercise")[0]
    parts = json.loads(inside.split('<script type="application/json">')[1].split("</script>")[0])
    assert parts["code"] == STUB and parts["check"] == CHECK.strip()
    assert set(parts["files"]) == {"runner.py", "experiments/page_checks.py"}
    assert page.count('src="_static/exercises/exercise.js') == 1 and "progress/store.js" in page
    assert page.index("progress/store.js") < page.index("exercises/exercise.js")


def test_a_page_without_an_exercise_loads_nothing_of_it(made):
    page = (made / "index.html").read_text()
    assert "exercises/" not in page and "pyodide" not in page
    assert not (made / "_static" / "pyodide").exists()


def test_hosts_are_linked_where_the_repository_is_known(made, site):
    page = (made / "1_z_scores.html").read_text()
    assert "https://mybinder.org/v2/gh/someone/a-course/HEAD?urlpath=lab/tree/notebooks/1_z_scores/1_z_scores.ipynb" in page
    assert "https://colab.research.google.com/github/someone/a-course/blob/HEAD/notebooks/1_z_scores/1_z_scores.ipynb" in page
    without = (site / "1_z_scores.html").read_text()
    assert "mybinder" not in without and "colab" not in without and "1_z_scores/1_z_scores.ipynb" in without


def released(stem: str) -> dict[str, bytes]:
    paths = [path for path in (NOTEBOOKS / stem).rglob("*") if path.suffix != ".pyc" and ".ipynb_checkpoints" not in path.parts]
    return {path.relative_to(NOTEBOOKS).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def test_downloads_are_there_and_linked(made):
    page = (made / "1_z_scores.html").read_text()
    for name in ("downloads/chapters/1_z_scores.zip", "downloads/assignments/1_z_scores_assignment.zip"):
        assert f'href="{name}"' in page and zipfile.is_zipfile(made / name)
    with zipfile.ZipFile(made / "downloads/assignments/1_z_scores_assignment.zip") as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == released("1_z_scores")


def test_the_course_sites_assignments_are_those_released():
    """The site is built before a release, which puts the new notebooks into it."""
    archives = sorted((SITE / "downloads" / "assignments").glob("*.zip"))
    if not archives:
        pytest.skip("the site is not built: run `make site release` first")
    for archive in archives:
        with zipfile.ZipFile(archive) as packed:
            assert {name: packed.read(name) for name in packed.namelist()} == released(archive.name.removesuffix("_assignment.zip"))


def test_a_downloaded_chapter_runs_by_itself(tmp_path):
    """Its first cell, which imports all modules, and its exercises; the rest was run by the build."""
    downloads.write_archive(tmp_path / "chapter.zip", downloads.chapter(BOOK / "1_z_scores.md", "1_z_scores"))
    with zipfile.ZipFile(tmp_path / "chapter.zip") as packed:
        packed.extractall(tmp_path)
    notebook = nbformat.read(tmp_path / "1_z_scores" / "1_z_scores.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [found for found in notebook.cells if found.cell_type == "code"]
    notebook.cells = [code[0], *(found for found in code if {"exercise", "check"} & set(found.metadata.get("tags", [])))]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path / "1_z_scores")}}).execute()
    said = [found.outputs[0].text for found in notebook.cells[2::2]]
    assert len(said) == 3 and all(text.startswith("Not written yet.") for text in said)


def test_on_paper_there_is_the_code_alone(tmp_path):
    done = build(tmp_path / "paper", PAIR, builder="singlehtml")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "paper" / "singlehtml" / "index.html").read_text()
    assert "twice" in page and "Exercise 1 in the page" in page
    assert "course-exercise" not in page and "elsewhere" not in page and "application/json" not in page


# One exercise without a check, one with text between, a check left alone, no function, a check that judges the stub, a name twice.
WRONG = [
    cell("exercise", STUB.replace("twice", "alone")),
    cell("exercise", STUB.replace("twice", "apart")),
    "Text.\n",
    cell("check", CHECK.replace("twice", "apart")),
    cell("exercise", "x = 1"),
    cell("check", "pass"),
    cell("exercise", STUB.replace("twice", "strict")),
    cell("check", "print('Not yet. Expected 6, found nothing.')"),
    PAIR,
    PAIR,
]


def test_mistakes_break_the_build(tmp_path):
    done = build(tmp_path, "\n".join(WRONG))
    assert done.returncode != 0
    for times, says in [
        (2, "an exercise without a check behind it"),
        (1, "a check without an exercise before it"),
        (1, "an exercise without a function"),
        (1, "the check of strict does not call the stub unwritten: 'Not yet. Expected 6, found nothing.'"),
        (1, "there is another exercise with the id 'twice'"),
    ]:
        assert done.stderr.count(says) == times, done.stderr


def test_a_wrong_address_of_the_course_is_refused():
    assert page_exercises.github("https://github.com/someone/a-course.git/") == ("someone", "a-course")
    for address in ("https://example.org/someone/a-course", "github.com/someone/a-course", 'https://github.com/a/b"onclick='):
        with pytest.raises(ExtensionError, match="must be like https://github.com/owner/name"):
            page_exercises.github(address)


def test_settings_come_from_the_environment(monkeypatch):
    config = SimpleNamespace(course_repository="", course_pyodide="")
    monkeypatch.delenv("COURSE_PYODIDE", raising=False)
    page_exercises.configure(None, config)
    assert config.course_pyodide_address == page_exercises.PYODIDE_CDN and page_exercises.megabytes(config) == 9
    monkeypatch.setenv("COURSE_PYODIDE", "/some/folder")
    page_exercises.configure(None, config)
    assert config.course_pyodide == "/some/folder"
    assert config.course_pyodide_address == "_static/pyodide/" and page_exercises.megabytes(config) == 17


def test_pyodide_is_carried_whole_and_checked(tmp_path, python):
    page_exercises.copy_pyodide(python, tmp_path / "site")
    carried = {path.name: path.read_bytes() for path in (tmp_path / "site").iterdir()}
    assert carried == {path.name: path.read_bytes() for path in python.iterdir()}
    with pytest.raises(ExtensionError, match="lacks pyodide.js, pyodide.asm.js"):
        page_exercises.copy_pyodide(tmp_path, tmp_path / "site")
    (wheel,) = (tmp_path / "site").glob("numpy-*.whl")
    wheel.write_bytes(b"not this one")
    with pytest.raises(ExtensionError, match="is not the one that pyodide-lock.json names"):
        page_exercises.copy_pyodide(tmp_path / "site", tmp_path / "again")
