"""Rebuilding a notebook: from a submission comes the text of the solution cells, and nothing else."""

import json
import os
import time

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import course, exercises, naming, source_code, submission


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


def test_of_copies_elsewhere_the_first_that_was_worked_on_counts():
    later = cell("later", "f_code")
    assert rebuilt(notebook(cell(STUB, "f_code"), cell("mine", "f_code"), cell("check(f)", "f"), later))[1] == "mine"
    assert rebuilt(notebook(cell(STUB, "f_code"), cell("check(f)", "f"), later))[1] == "later"


def test_a_missing_cell_is_empty():
    assert rebuilt(notebook(cell("words", "explain")))[1] == ""


def test_source_may_be_a_list_of_lines():
    assert rebuilt(notebook(cell(["a\n", "b"], "f_code")))[1] == "a\nb"


def test_extra_cells_are_counted():
    assert submission.answers(notebook(cell("def helper(): pass"), cell("x", "f_code")), TEMPLATE).extra_cells == 1


# A cell split by JupyterLab, whose halves both have its id; a copy of it; code pasted below it: the notebook runs, so it counts.
TOGETHER = {
    "split between functions": (["def g(): pass", "def f(): g()"], "def g(): pass\ndef f(): g()"),
    "split within a function": (["def f(x):\n    y = x", "    return y"], "def f(x):\n    y = x\n    return y"),
    "split after its first line": (["def f(x):", "    return x"], "def f(x):\n    return x"),
    "a copy that is another attempt": (["def f(): return 1", "def f(): return 2"], "def f(): return 1\ndef f(): return 2"),
    "a copy that is broken": (["def f(): return 1", "def f(: return"], "def f(): return 1"),
    "a copy of what is broken": (["def f(: return", "def f(): return 1"], "def f(): return 1"),
    "a copy with what must stand first": (["import math", "from __future__ import annotations"], "import math"),
    "two halves with what must stand first": (["'f'\nfrom __future__ import annotations", "x = 1"], "'f'\nfrom __future__ import annotations\nx = 1"),
    "an empty copy": (["mine", " "], "mine"),
    "a copy as released": ([STUB, "mine", STUB], "mine"),
    "with magics": (["%%time\nx = 1", "!ls\ny = 2"], "%%time\nx = 1\n!ls\ny = 2"),
}  # fmt: skip


@pytest.mark.parametrize("texts, expected", TOGETHER.values(), ids=TOGETHER)
def test_pieces_of_a_cell_are_put_together(texts, expected):
    pieces = [cell(text, "f_code") for text in texts]
    between = cell("my notes", cell_type="markdown")
    assert rebuilt(notebook(pieces[0], between, *pieces[1:], cell("check(f)", "f")))[1] == expected


def test_pieces_that_are_left_out_are_counted():
    broken = notebook(cell("def f(): pass", "f_code"), cell("def f(:", "f_code"), cell(STUB, "f_code"), cell("def f(): pass", "f_code"))
    assert submission.answers(broken, TEMPLATE).extra_cells == 1
    many = notebook(*(cell(f"x{i} = 1", "f_code") for i in range(submission.MAX_PIECES + 5)))
    assert submission.answers(many, TEMPLATE).extra_cells == 5
    long = notebook(cell("def f(): pass", "f_code"), cell("x = 1  #" + "x" * submission.MAX_TOGETHER_CHARACTERS, "f_code"))
    assert submission.answers(long, TEMPLATE) == submission.Answers({"f_code": "def f(): pass"}, 1)


def test_many_or_long_pieces_are_read_in_time():
    dense = "f = " + "[a,(b),-c]," * (submission.MAX_TOGETHER_CHARACTERS // 130)
    begun = time.monotonic()
    submission.answers(notebook(*(cell(dense, "f_code") for _ in range(100)), *(cell(dense) for _ in range(1000))), TEMPLATE)
    submission.answers(notebook(cell("", "f_code"), *(cell("x" * 1_000_000) for _ in range(8))), TEMPLATE)
    assert time.monotonic() - begun < 15


DEFINES = "def f(x):\n    " + STUB
BELOW = {
    "of a cell left as released": ([cell(DEFINES, "f_code"), cell("h = 1"), cell("def f(x): return h")], f"{DEFINES}\nh = 1\ndef f(x): return h"),
    "of an emptied cell": ([cell("", "f_code"), cell("def f(x): return x")], "def f(x): return x"),
    "defines anew": ([cell("def f(x): return 1", "f_code"), cell("def f(x): return x")], "def f(x): return 1\ndef f(x): return x"),
    "only tries something": ([cell("def f(x): return 1", "f_code"), cell("f(3)"), cell("while True: pass")], "def f(x): return 1"),
    "tries it afterwards": ([cell(DEFINES, "f_code"), cell("f = abs"), cell("while True: pass")], f"{DEFINES}\nf = abs"),
    "can't be read": ([cell(DEFINES, "f_code"), cell("def f(x) return x")], DEFINES),
    "below the check": ([cell(DEFINES, "f_code"), cell("f(1)", "f"), cell("def f(x): return x")], DEFINES),
    "above": ([cell("def f(x): return x"), cell(DEFINES, "f_code")], DEFINES),
    "of another assignment": ([cell(DEFINES, "f_code"), cell("f(1)", "f"), cell("def f(x): return x", "other_code")], DEFINES),
    "in words": ([cell(DEFINES, "f_code"), cell("def f(x): return x", cell_type="markdown")], DEFINES),
}  # fmt: skip


@pytest.mark.parametrize("cells, expected", BELOW.values(), ids=BELOW)
def test_code_pasted_right_below_its_cell_counts_where_it_is_what_the_notebook_uses(cells, expected):
    template = submission.Template(SOURCE, {"f_code": DEFINES, "explain": "Write here."})
    found = submission.answers(notebook(*cells), template)
    assert found.texts["f_code"] == expected
    assert found.extra_cells == sum(c["cell_type"] == "code" and c["source"] not in ("", DEFINES, "f(1)") and c["source"] not in expected for c in cells)


@pytest.mark.parametrize("text", ['answers["q1"] = "b"', "answers |= {}", "answers: dict = {}", "class answers: pass", "answers.q = 1"])
def test_a_cell_defines_what_it_names_or_changes(text):
    assert source_code.names_of(text) == {"answers"}


def words(text, grade_id=None):
    return cell(text, grade_id, cell_type="markdown")


@pytest.mark.parametrize(
    "cells, expected",
    [
        ([words("One.", "explain"), words("Two.", "explain")], "One.\n\nTwo."),
        ([words("Write here.", "explain"), words("One."), cell("x = 1"), words("Two.")], "One.\n\nTwo."),
        ([words("One.", "explain"), words("my notes")], "One."),
        ([words("Write here.", "explain"), words(" ")], "Write here."),
    ],
)
def test_an_answer_in_words_may_stand_in_two_cells_or_below_its_own(cells, expected):
    assert rebuilt(notebook(*cells))[3] == expected


OTHERS = [cell("x", "f_code"), cell("x", "g_code"), cell("x", "h_code")]


@pytest.mark.parametrize("data", [notebook(), notebook(cell("def f(): pass")), notebook(*OTHERS)], ids=["empty", "unmarked", "another's"])
def test_a_notebook_without_the_assignments_cells_is_told(data):
    with pytest.raises(submission.BadSubmission, match="not the notebook of this assignment"):
        submission.answers(data, TEMPLATE)


@pytest.mark.parametrize("name", ["Müller, Jörg", "Mu\u0308ller", "प्रिया शर्मा", "สมชาย ใจดี", "mia+2@uni.example"])
def test_names_of_people_are_plain(name):
    assert naming.is_plain(name)


@pytest.mark.parametrize("name", ["", "..", ".\u0301.", "a\u202eb", "a/b", "a\nb", "<b>", "e\u0301" * 51])
def test_orders_and_paths_are_no_names(name):
    assert not naming.is_plain(name)


def test_an_empty_file_is_told_as_such():
    for data in (b"", b" \n"):
        with pytest.raises(submission.BadSubmission, match="The file is empty"):
            submission.answers(data, TEMPLATE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_text_of_any_width_is_read(encoding):
    document = json.loads(notebook(cell("x = 'σ'", "f_code")))
    assert rebuilt(json.dumps(document, ensure_ascii=False).encode(encoding))[1] == "x = 'σ'"


def test_umlauts_of_one_byte_are_read():
    """As Notepad of Windows saves a notebook as "ANSI"."""
    document = json.loads(notebook(cell("x = 'ü'", "f_code")))
    assert rebuilt(json.dumps(document, ensure_ascii=False).encode("cp1252"))[1] == "x = 'ü'"


def test_a_broken_byte_spoils_no_other_letter():
    document = json.loads(notebook(cell("γ = 'σ'  # ü", "f_code")))
    data = json.dumps(document, ensure_ascii=False).encode().replace("ü".encode(), b"\xfc")
    assert rebuilt(data)[1] == "γ = 'σ'  # \ufffd"


def test_a_file_that_ends_in_the_middle_is_told_as_such():
    data = notebook(cell("x = 1", "f_code"), cell("words", "explain"))
    for size in (len(data) // 2, len(data) - 1, data.index(b"f_code") + 3):
        with pytest.raises(submission.BadSubmission, match="it ends in the middle"):
            submission.answers(data[:size], TEMPLATE)


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
    assert "ordinary file (it is a link: hand in the notebook itself)" in refuse(link)
    assert "ordinary file" in refuse(pipe)
    assert "ordinary file" in refuse(folder)
    assert "limit" in refuse(big)


def test_a_missing_file_is_told_with_what_is_there(tmp_path):
    nothing = "Nothing was handed in for this assignment."
    assert refuse(tmp_path / "none" / "a.ipynb") == refuse(tmp_path / "a.ipynb") == nothing
    (tmp_path / "timestamp.txt").write_text("2026-03-01 11:59 UTC")
    (tmp_path / ".DS_Store").write_text("x")
    assert submission.hand_in(tmp_path / "a.ipynb", 1000) == submission.Handed(problem=nothing, nothing=True)
    (tmp_path / "a.zip").write_text("x")
    assert submission.hand_in(tmp_path / "a.ipynb", 1000) == submission.Handed(problem=refuse(tmp_path / "a.ipynb"))
    assert "but a.zip: hand in the notebook itself" in refuse(tmp_path / "a.ipynb")
    (tmp_path / "Copy of a.ipynb").write_text("{}")
    assert "but Copy of a.ipynb: rename it to a.ipynb" in refuse(tmp_path / "a.ipynb")
    assert refuse(tmp_path / "a.py") == "There is no file a.py."


def test_what_is_handed_in_as_it_was_released_is_known():
    def as_released(*cells):
        return submission.rebuild(TEMPLATE, submission.answers(notebook(*cells), TEMPLATE)).metadata["course"]["as_released"]

    assert as_released(cell(STUB, "f_code"), words("Write here.", "explain"))
    assert as_released(cell(f" {STUB}\n", "f_code"))
    assert not as_released(cell(STUB, "f_code"), cell("tried(1)"))
    assert not as_released(cell("x", "f_code"), words("Write here.", "explain"))
    assert not as_released(cell(STUB, "f_code"), words("One.", "explain"))


HARMLESS = {
    "<b>": "< b>",
    "&lt;script": "& lt;script",
    "[a](b)": "[a] (b)",
    "[a][b]": "[a] [b]",
    "[a]: b": "[a] : b",
    r"\href{a}": r"\ href{a}",
    r"a < b, 1 <2, [1], \hrefs, x & y": r"a < b, 1 <2, [1], \hrefs, x & y",
}


@pytest.mark.parametrize("text", HARMLESS)
def test_an_answer_in_words_does_nothing_and_reads_the_same(text):
    assert submission.harmless(text) == HARMLESS[text]
