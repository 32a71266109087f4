"""The notebooks: sources that hold together with the judge, releases that are their image."""

import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import exercises, releasing
from tests.conftest import ROOT

STEMS = exercises.stems()


def source(stem: str):
    return nbformat.read(ROOT / "solutions" / stem / f"{stem}.ipynb", as_version=4)


def marks(cell) -> dict:
    return cell.metadata.get("nbgrader", {})


@pytest.mark.parametrize("stem", STEMS)
def test_every_exercise_has_its_cell_and_its_points(stem):
    topic = exercises.topic(stem)
    judged = {marks(c)["grade_id"]: marks(c)["points"] for c in source(stem).cells if marks(c).get("grade") and not marks(c)["solution"]}
    assert judged == {item.name: item.max_points for item in topic.items}


@pytest.mark.parametrize("stem", STEMS)
def test_the_title_names_the_sum_of_the_points(stem):
    cells = source(stem).cells
    assert f"{sum(marks(c).get('points', 0) for c in cells):g} points" in cells[0].source
    assert re.search(r"\d+ minutes", cells[0].source) and re.search("[●○]{3}", cells[0].source)


@pytest.mark.parametrize("stem", STEMS)
def test_a_written_answer_has_a_rubric_and_there_is_a_prediction(stem):
    cells = source(stem).cells
    assert any(marks(c).get("grade") and marks(c).get("solution") for c in cells)
    assert any("BEGIN MARK SCHEME" in c.source for c in cells)
    assert any("prediction" in marks(c).get("grade_id", "") for c in cells)


@pytest.mark.parametrize("stem", STEMS)
def test_the_model_answers_pass_the_visible_checks(stem):
    notebook = source(stem)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT / "solutions" / stem)}}).execute()


RAISES = {
    "1_z_scores": ("z_scores", "def z_scores(scores):\n    return scores / scores.std(dim=0)\n"),
    "2_layernorm_forward": ("rmsnorm_forward", "def rmsnorm_forward(x, gamma, eps=1e-5):\n    return x / x.std(dim=-1), None\n"),
    "5_prenorm_block": ("causal_self_attention", "def causal_self_attention(x, *weights_and_heads):\n    return x.astype('f')\n"),
}


@pytest.mark.parametrize("stem", RAISES)
def test_a_card_says_in_which_line_an_error_arose_and_what_it_means(stem):
    name, wrong = RAISES[stem]
    notebook = source(stem)
    for cell in notebook.cells:
        if f"def {name}(" in cell.source:
            cell.source = wrong
    NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(ROOT / "solutions" / stem)}}).execute()
    shown = [out.data["text/plain"] for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == "display_data"]
    card = next(text for text in shown if "FAILS" in text)
    assert f"(line 2: {wrong.splitlines()[1].strip()})" in card
    assert "NumPy's words and PyTorch's are mixed" in card


def test_a_card_says_that_it_is_about_an_earlier_definition():
    notebook = source("1_z_scores")
    place = next(i for i, cell in enumerate(notebook.cells) if "def standard_deviation(" in cell.source)
    notebook.cells[place + 1 : -1] = [nbformat.v4.new_code_cell("def standard_deviation(scores:\n"), notebook.cells[place + 1]]
    NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(ROOT / "solutions" / "1_z_scores")}}).execute()
    [card] = [out.data["text/plain"] for out in notebook.cells[place + 2].outputs if out.output_type == "display_data"]
    assert card.splitlines()[1] == "  FAILS  Python can read the cell that ran before this one"
    assert card.count("FAILS") == 1


@pytest.mark.parametrize("stem", STEMS)
def test_the_checks_name_each_section_by_its_heading(stem):
    chapter = (ROOT / "book" / f"{stem}.md").read_text()
    headings = dict(re.findall(r"^\(([a-z0-9-]+)\)=\n#+ (.*)$", chapter, re.MULTILINE))
    checks = "\n".join(file.read_text() for file in (ROOT / "solutions" / stem).glob("*checks.py"))
    named = re.findall(r'^[A-Z_0-9]+ = "([a-z0-9-]+): (.*)"$', checks, re.MULTILINE)
    assert named
    for label, title in named:
        assert title == re.sub(r"[`*]", "", headings[label])


def released_files(folder: Path) -> set[str]:
    paths = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(folder).as_posix() for p in paths}


def test_the_released_notebooks_are_the_image_of_the_sources(course):
    """``notebooks/`` is committed: it must be what a release makes now."""
    for stem in STEMS:
        made, kept = course.root / "notebooks" / stem, ROOT / "notebooks" / stem
        names = released_files(made)
        assert names == released_files(kept)
        for name in names:
            assert (made / name).read_bytes() == (kept / name).read_bytes(), f"run `make release`: {stem}/{name} is old"


def test_the_triton_that_a_card_names_is_that_of_the_requirements():
    wanted = re.findall(r"triton==[\d.]+", (ROOT / "requirements-triton.txt").read_text())
    assert re.findall(r"triton==[\d.]+", (ROOT / "solutions" / "4_layernorm_pytorch" / "kernel_checks.py").read_text()) == wanted


def test_nothing_is_committed_with_outputs():
    for room in ("solutions", "notebooks"):
        for path in (ROOT / room).rglob("*.ipynb"):
            for cell in nbformat.read(path, as_version=4).cells:
                assert not cell.get("outputs") and cell.get("execution_count") is None, path


def test_releases_hold_nothing_hidden(course, tmp_path):
    """Wherever the course lies: a folder above it may be called as the judge is."""
    assert releasing.leaks(course.copy(tmp_path / "autograder").root / "notebooks") == []


def test_the_bundle_is_whole_and_can_be_read_by_everybody(course):
    """An instructor may unpack it once for a class; a file without rights of its own would be its owner's alone."""
    with zipfile.ZipFile(course.root / "dist" / f"{releasing.BUNDLE}.zip") as packed:
        entries = packed.infolist()
    names = {entry.filename.removeprefix(f"{releasing.BUNDLE}/") for entry in entries}
    assert {"START.md", "LICENSE", "requirements-student.txt", "lab_config.py", "site/index.html"} <= names
    assert {f"notebooks/{stem}/{stem}.ipynb" for stem in STEMS} <= names
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}


@pytest.mark.parametrize(
    "name, text",
    [
        ("a.py", "    deviation = exact - exact.mean(axis=-1, keepdims=True)\n"),
        ("a.ipynb", '{"source": ["### BEGIN HIDDEN TESTS\\n"]}'),
        ("gradebook.db", ""),
        ("x.html", "STEM"),
    ],
)
def test_the_leak_check_can_fail(tmp_path, name, text):
    if text == "STEM":  # any long line of a hidden module
        module = next(Path(releasing.__file__).parent.joinpath("exercises").glob("[0-9]*/quiz.py"))
        text = next(line for line in module.read_text().splitlines() if line[:1] == " " and len(line.strip()) >= 60)
    elif name == "a.py":
        text = next(line + "\n" for line in releasing._answer_lines())
    (tmp_path / name).write_text(text)
    assert releasing.leaks(tmp_path)
