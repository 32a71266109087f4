"""Submissions whose notebook was tampered with: tags, metadata, cells missing, renamed, doubled or retyped."""

from tests.attacks.rows import ALL, EXERCISES, FIRST, QUIZ, Row, cell_of, changed, judged, marks, new_cell, solutions, untouched

WRONG_FIRST = "def standard_deviation(scores):\n    return 0.5\n"
OTHERS = tuple(name for name in ALL if name != FIRST)


def each(cells, change):
    """Return a change of a notebook that changes each of the cells that ``cells`` finds in it."""

    def change_all(notebook: dict) -> None:
        for cell in cells(notebook):
            change(cell)

    return change_all


def every(notebook: dict) -> list[dict]:
    return notebook["cells"]


def set_marks(**more):
    return lambda cell: cell["metadata"].setdefault("nbgrader", {}).update(more)


def set_metadata(**more):
    return lambda cell: cell["metadata"].update(more)


def claim_points(notebook: dict) -> None:
    """What the judge leaves in a notebook that it has judged, written by the student."""
    notebook["metadata"]["course"] = {"verdicts": [], "extra_cells": -1, "fingerprint": "0" * 64, "problem": ""}
    for cell in notebook["cells"]:
        cell["metadata"]["course_points"] = 1000
    for cell in judged(notebook):
        cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}]


def second_copy(first: str, second: str):
    def change(notebook: dict) -> None:
        cell = cell_of(notebook, FIRST)
        copies = [{**cell, "source": source} for source in (first, second)]
        place = notebook["cells"].index(cell)
        notebook["cells"][place : place + 1] = copies

    return change


def drop(cells):
    def change(notebook: dict) -> None:
        gone = cells(notebook)
        notebook["cells"] = [cell for cell in notebook["cells"] if cell not in gone]

    return change


def first_cell(**more):
    """Change the first answer's cell, ``nbgrader`` its marks."""

    def change(notebook: dict) -> None:
        cell = cell_of(notebook, FIRST)
        cell["metadata"]["nbgrader"] = {**marks(cell), **more.pop("nbgrader", {})}
        cell.update(more)

    return change


def own_test(notebook: dict) -> None:
    """The tests pass whatever the answers are."""
    for cell in judged(notebook):
        cell["source"] = "100"


def old_format(notebook: dict) -> None:
    notebook["worksheets"] = [{"cells": notebook.pop("cells")}]
    notebook["nbformat"] = 3


ROWS = (
    Row("tests_are_skipped", untouched(each(every, set_metadata(tags=["skip-execution", "raises-exception"])))),
    Row("tests_are_the_students", untouched(own_test)),
    Row("tests_are_missing", untouched(drop(judged))),
    Row("points_and_verdicts_claimed", untouched(claim_points)),
    Row("more_points_for_a_test", untouched(each(judged, set_marks(points=1000)))),
    Row("answers_graded_by_hand", untouched(each(solutions, set_marks(grade=True, points=1000, auto_score=1000)))),
    Row("another_kernel", untouched(lambda n: n["metadata"].update(kernelspec={"name": "../../evil", "display_name": "x", "language": "bash"}))),
    Row("solved_with_skipped_tests", changed(each(every, set_metadata(tags=["skip-execution"], trusted=True))), ALL, exact=True),
    Row("solved_with_claims", changed(claim_points), ALL, exact=True),
    Row("solved_without_tests", changed(drop(judged)), ALL, exact=True),
    Row("solved_unlocked", changed(each(every, set_marks(locked=False, points=99))), ALL, exact=True),
    Row("old_schema", changed(each(every, set_marks(schema_version=1))), ALL, exact=True),
    Row("future_schema", changed(each(every, set_marks(schema_version=99))), ALL, exact=True, slow=True),
    Row("senseless_schema", changed(each(every, set_marks(schema_version={"a": [None]}))), ALL, exact=True, slow=True),
    Row("tests_and_answers_exchanged", changed(each(every, set_marks(solution=False, grade=True, task=True))), ALL, exact=True, slow=True),
    Row("marks_are_text", changed(each(every, set_metadata(nbgrader="yes")))),
    Row("marks_are_a_list", changed(each(every, set_metadata(nbgrader=[1, 2]))), slow=True),
    Row("ids_are_numbers", changed(each(every, set_marks(grade_id=7)))),
    Row("ids_are_lists", changed(each(every, set_marks(grade_id=["x"]))), slow=True),
    Row("one_id_for_all", changed(each(solutions, set_marks(grade_id="x"))), slow=True),
    Row("metadata_is_null", changed(each(every, lambda cell: cell.update(metadata=None)))),
    Row("no_metadata", changed(each(every, lambda cell: cell.pop("metadata"))), slow=True),
    Row("answer_renamed", changed(first_cell(nbgrader={"grade_id": "mine"})), OTHERS),
    Row("answer_takes_a_tests_id", changed(first_cell(nbgrader={"grade_id": FIRST})), OTHERS),
    Row("answer_is_markdown", changed(first_cell(cell_type="markdown")), ALL),
    Row("answer_is_of_no_kind", changed(first_cell(cell_type=7)), ALL),
    Row("answer_is_a_number", changed(first_cell(source=7)), OTHERS),
    Row("answer_is_a_list_of_things", changed(first_cell(source=[1, None, {"a": 1}])), OTHERS, slow=True),
    Row("answer_is_missing", changed(drop(lambda n: [cell_of(n, FIRST)])), OTHERS, tells="is missing"),
    Row("answer_has_half_a_character", changed(first_cell(source="x = '\ud800'\n")), OTHERS),
    Row("answer_has_a_null_byte", changed(first_cell(source="x = 1\0\n")), OTHERS),
    Row("wrong_answer_then_a_right_copy", changed(second_copy(WRONG_FIRST, "from __future__ import annotations")), OTHERS),
    Row("ten_thousand_copies", changed(lambda n: n["cells"].extend([cell_of(n, FIRST) | {"source": WRONG_FIRST}] * 10_000)), ALL),
    Row("cells_are_text", changed(lambda n: n.update(cells=["x", 1, None, []])), slow=True),
    Row("cells_are_a_mapping", changed(lambda n: n.update(cells={"0": {}})), tells="no list of cells"),
    Row("version_3", changed(old_format), tells="no list of cells"),
    Row("version_99", changed(lambda n: n.update(nbformat=99, nbformat_minor=99)), ALL),
    Row("version_is_text", changed(lambda n: n.update(nbformat="four", nbformat_minor=[])), ALL, slow=True),
    Row("helper_in_an_own_cell", changed(lambda n: (
        n["cells"].insert(1, new_cell("def half(x):\n    return x / 2\n")),
        cell_of(n, FIRST).update(source="def standard_deviation(scores):\n    return half(scores)\n"),
    ) and None), (*EXERCISES[1:], QUIZ), tells="not cells that you added"),
    Row("answer_below_the_check", changed(lambda n: (
        n["cells"].append(new_cell(cell_of(n, FIRST)["source"])),
        cell_of(n, FIRST).update(source="def standard_deviation(scores):\n    raise NotImplementedError('write this')\n"),
    ) and None), OTHERS, tells="not cells that you added"),
)  # fmt: skip
