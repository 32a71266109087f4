"""Rebuilding a notebook: from a submission comes the text of the solution cells, and nothing else."""

import json
import os

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import course, exercises, submission


def marks(grade_id, solution=False, grade=False, **more):
    return {"nbgrader": {"grade_id": grade_id, "solution": solution, "grade": grade, "locked": not solution, "schema_version": 3} | more}


STUB = 'raise NotImplementedError("write this")'
SOURCE = new_notebook(
    cells=[
        new_markdown_cell("Title"),
        new_code_cell("right", metadata=marks("f_code", solution=True)),
        new_code_cell("check(f)", metadata=marks("f", grade=True, points=3)),
        new_markdown_cell("answer", metadata=marks("explain", solution=True, grade=True, points=2)),
    ]
)


TEMPLATE = submission.Template(SOURCE, {"f_code": STUB, "explain": "Write here."})


def cell(text, grade_id=None, **more):
    metadata = marks(grade_id, solution=True) if grade_id else {}
    return {"cell_type": "code", "metadata": metadata, "source": text, "outputs": [], "execution_count": None} | more


def notebook(*cells, **more) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more).encode()


def rebuilt(data: bytes) -> list[str]:
    return [c.source for c in submission.rebuild(TEMPLATE, submission.answers(data, TEMPLATE)).cells]


def test_only_answers_are_taken():
    data = notebook(cell("mine", "f_code"), cell("points = 100", "f"), cell("extra"), cell("words", "explain"))
    assert rebuilt(data) == ["Title", "mine", "check(f)", "words"]


def test_metadata_and_outputs_are_the_sources_own():
    bad = cell("mine", "f_code", outputs=[{"output_type": "execute_result"}])
    bad["metadata"] = marks("f_code", solution=False, grade=True, points=1000) | {"tags": ["skip-execution"]}
    nb = submission.rebuild(TEMPLATE, submission.answers(notebook(bad), TEMPLATE))
    kept = dict(nb.cells[1].metadata["nbgrader"])
    del kept["checksum"]
    assert {"nbgrader": kept} == SOURCE.cells[1].metadata and nb.cells[1].outputs == []


def test_our_checksum_is_nbgraders():
    from nbgrader.utils import compute_checksum

    cells = [cell for stem in exercises.stems() for cell in nbformat.read(course.source_notebook(stem), as_version=4).cells]
    marked = [cell for cell in [*SOURCE.cells, *cells] if "nbgrader" in cell.metadata]
    assert len(marked) > 20
    for cell in marked:
        assert submission.checksum(cell) == compute_checksum(cell)


def test_an_untouched_answer_is_told_from_a_written_one():
    from nbgrader.utils import compute_checksum

    for text, untouched in (("Write here.", True), ("My answer.", False)):
        written = cell(text, "explain", cell_type="markdown")
        nb = submission.rebuild(TEMPLATE, submission.answers(notebook(written), TEMPLATE))
        assert (nb.cells[3].metadata.nbgrader.checksum == compute_checksum(nb.cells[3])) is untouched


def test_the_first_edited_copy_counts():
    assert rebuilt(notebook(cell(STUB, "f_code"), cell("mine", "f_code"), cell("later", "f_code")))[1] == "mine"


def test_a_missing_cell_is_empty():
    assert rebuilt(notebook(cell("words", "explain")))[1] == ""


def test_source_may_be_a_list_of_lines():
    assert rebuilt(notebook(cell(["a\n", "b"], "f_code")))[1] == "a\nb"


def test_extra_cells_are_counted():
    assert submission.answers(notebook(cell("def helper(): pass"), cell("x", "f_code")), TEMPLATE).extra_cells == 1


def test_the_half_of_a_split_cell_that_is_left_out_is_counted():
    split = notebook(cell("x = 1", "f_code"), cell("def f(): pass", "f_code"), cell(STUB, "f_code"), cell("x = 1", "f_code"))
    assert submission.answers(split, TEMPLATE).extra_cells == 1


OTHERS = [cell("x", "f_code"), cell("x", "g_code"), cell("x", "h_code")]


@pytest.mark.parametrize("data", [notebook(), notebook(cell("def f(): pass")), notebook(*OTHERS)], ids=["empty", "unmarked", "another's"])
def test_a_notebook_without_the_assignments_cells_is_told(data):
    with pytest.raises(submission.BadSubmission, match="not the notebook of this assignment"):
        submission.answers(data, TEMPLATE)


@pytest.mark.parametrize("name", ["Müller, Jörg", "Mu\u0308ller", "प्रिया शर्मा", "สมชาย ใจดี", "mia+2@uni.example"])
def test_names_of_people_are_plain(name):
    assert submission.is_plain(name)


@pytest.mark.parametrize("name", ["", "..", ".\u0301.", "a\u202eb", "a/b", "a\nb", "<b>", "e\u0301" * 51])
def test_orders_and_paths_are_no_names(name):
    assert not submission.is_plain(name)


@pytest.mark.parametrize("data", [b"", b"not json", b"[1, 2]", b"{}", b"\xff\xfe", b'{"cells": 3}', b"[" * 100_000])
def test_what_is_no_notebook_is_refused_in_words(data):
    with pytest.raises(submission.BadSubmission) as refusal:
        submission.answers(data, TEMPLATE)
    assert "JupyterLab" in str(refusal.value)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["cells", "metadata", "nbgrader", "grade_id", "source", "cell_type", "f_code"]), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=300)
@given(ANY | st.fixed_dictionaries({"cells": st.lists(ANY, max_size=4)}))
def test_any_json_is_rebuilt_or_refused(document):
    data = json.dumps(document).encode()
    try:
        rebuilt(data)
    except submission.BadSubmission:
        pass


def refuse(path, limit=1000) -> str:
    with pytest.raises(submission.BadSubmission) as refusal:
        submission.read_file(path, limit)
    return str(refusal.value)


def test_odd_files_are_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    link = tmp_path / "link.ipynb"
    link.symlink_to(secret)
    pipe = tmp_path / "pipe.ipynb"
    os.mkfifo(pipe)
    big = tmp_path / "big.ipynb"
    big.write_bytes(b"x" * 2000)
    folder = tmp_path / "folder.ipynb"
    folder.mkdir()
    assert "ordinary file" in refuse(link)
    assert "ordinary file" in refuse(pipe)
    assert "ordinary file" in refuse(folder)
    assert "limit" in refuse(big)


def test_a_missing_file_is_told_with_what_is_there(tmp_path):
    assert refuse(tmp_path / "none" / "a.ipynb") == "Nothing was handed in for this assignment."
    (tmp_path / "Copy of a.ipynb").write_text("{}")
    assert "rename it to a.ipynb" in refuse(tmp_path / "a.ipynb")
