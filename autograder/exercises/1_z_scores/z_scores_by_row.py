"""``z_scores_by_row``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Case, Check, Exercise, Output, Suspect
from autograder.exercises.norm_parts import own, subtracted
from autograder.exercises.wrong_parts import alone, together
from autograder.student_side import wire

from .parts import MISCONCEPTIONS, invoke, shown
from .z_scores import PAIRED, ROW_SUSPECTS, Z, constant, unguarded, with_equal_ends, z_by, z_scores, zeros_given


def rows(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    """Rows that differ in location and scale."""
    scale = rng.uniform(0.5, 20.0, size=(*shape[:-1], 1))
    return rng.normal(size=shape) * scale + rng.normal(scale=30.0, size=(*shape[:-1], 1))


def table_case(rng: np.random.Generator, shape: tuple, **more) -> Case:
    return Case((rows(rng, shape),), f"a table of shape {shape}", **Z | {"may_change": True} | more)


def plain_table(rng: np.random.Generator) -> Case:
    return table_case(rng, (3, 5), control=True)


def row_value_cases(rng):
    example = [[20.0, 50.0, 60.0, 80.0, 90.0], [1.0, 2.0, 3.0, 4.0, 5.0]]
    return [
        shown(example, "the table [[20 50 60 80 90] [1 2 3 4 5]]", control=True, **Z),
        *(table_case(rng, shape, control=True) for shape in ((7, 3), (4, 4), (7, 64))),
    ]


def row_axes_cases(rng):
    shapes = [(5,), (2, 3, 4), (2, 2, 3, 5), (2, 1, 3, 2, 4)]
    return [table_case(rng, (4, 6), control=True)] + [table_case(rng, shape) for shape in shapes]


def row_constant_cases(rng):
    table = rows(rng, (4, 5))
    table[1] = 0.1
    table[2] = float(rng.normal())
    more = {"quiet": True, "may_change": True} | Z
    return [
        table_case(rng, (3, 5), control=True, quiet=True),
        shown([[1.0, 2.0, 3.0], [7.0, 7.0, 7.0], [0.1, 0.1, 0.1]], "the table [[1 2 3] [7 7 7] [0.1 0.1 0.1]]", **more),
        Case((table,), "a table in which two rows are constant", **more),
        Case((rows(rng, (4, 1)),), "a table with one column", **more),
        Case((with_equal_ends(rows(rng, (3, 7))),), "a table whose rows differ in the middle, but not at their ends", **more),
    ]


def row_integer_cases(rng):
    drawn = rng.integers(-50, 50, size=(3, 5))
    drawn[:, -1] += 1 - drawn.sum(axis=1) % 5  # no row's mean is a whole number
    return [
        plain_table(rng),
        shown([[1, 2, 4], [3, 9, 5]], "the whole numbers [[1 2 4] [3 9 5]]", **Z),
        Case((drawn,), "whole numbers of shape (3, 5)", may_change=True, **Z),
    ]


def row_offset_cases(rng):
    far = [[1.0, 2.0, 3.0], [1e8, 1e8 + 1, 1e8 + 2]]
    return [
        plain_table(rng),
        shown(far, "the table [[1 2 3] [100000000 100000001 100000002]]", **Z),
        Case((rows(rng, (4, 30)) + 1e8,), "a table around 1e+08", may_change=True, **Z),
    ]


def row_unit_cases(rng):
    how = {"atol": 0.0, "rtol": 1e-4}
    table = rows(rng, (4, 6)) * np.array([[1e-13], [1.0], [1e-11], [1e6]])
    return [
        table_case(rng, (3, 5), control=True, **how),
        shown([[1, 2, 4], [1e-13, 2e-13, 4e-13]], "the table [[1 2 4] [1e-13 2e-13 4e-13]]", **how),
        Case((table,), "a table whose rows are in units from 1e-13 to 1e6", may_change=True, **how),
    ]


def row_float32_cases(rng):
    narrow = rows(rng, (6, 64)).astype("float32")
    return [plain_table(rng), Case((narrow,), "a float32 table", atol=1e-3, rtol=1e-3, may_change=True)]


def row_untouched_cases(rng):
    apart = Case((wire.Strided(rows(rng, (3, 5))),), "a table that is not contiguous", **Z)
    return [table_case(rng, (3, 5), control=True, may_change=False), apart]


def zeros_beside_a_constant_row(x):
    if x.ndim < 2 or not constant(x).any() or constant(x).all():
        raise ValueError("not to be told from the right answer")
    return np.zeros(x.shape)


# What may stand where the mean over a row belongs.
AVERAGES = (
    ("wrong-axis", lambda v: v.mean(axis=0)),
    ("wrong-axis", lambda v: v.mean(axis=max(-2, -v.ndim), keepdims=True)),
    ("wrong-axis", lambda v: v.sum(0) / v.shape[-1]),  # Python's own sum
    ("whole-array", lambda v: v.mean()),
    ("keepdims-missing", lambda v: v.mean(axis=-1)),
    ("divided-by-rows", lambda v: v.sum(-1, keepdims=True) / len(v)),
)


WRONG_TABLES = (
    *(part for name, average in AVERAGES for part in subtracted(name, average)),
    *((name, {"spread": lambda x, dev, average=average: average(dev**2)}) for name, average in AVERAGES),
    ("wrong-axis", {"spread": own(lambda x: x.var(axis=0))}),
    ("whole-array", {"spread": own(lambda x: x.var())}),
    ("whole-array", {"spread": lambda x, dev: (dev**2).sum() / x.shape[-1]}),
    ("keepdims-missing", {"spread": own(lambda x: x.var(axis=-1))}),
)

Z_SCORES_BY_ROW = Exercise(
    name="z_scores_by_row",
    functions=("z_scores_by_row",),
    outputs=(Output("z"),),
    invoke=invoke("z_scores_by_row"),
    reference=z_scores,
    section="rows-of-a-table",
    checks=(
        Check("values", "Every row is standardised by its own statistics", 2, "rows-of-a-table", row_value_cases),
        Check("axes", "Any number of axes before the last, or none", 1, "rows-of-a-table", row_axes_cases, "only-2d"),
        Check("constant", "Constant rows give zeros, without NaN or warning", 1, "constant-scores", row_constant_cases,
              "nan-on-constant"),
        Check("unit", "The unit does not matter: tiny rows have z-scores too", 1, "constant-scores", row_unit_cases,
              "epsilon-added"),
        Check("integers", "Whole numbers are scores too", 1, "rows-of-a-table", row_integer_cases, "integer-truncated"),
        Check("offset", "A large offset of a row does no harm", 1, "one-pass-loses-digits", row_offset_cases,
              "one-pass-variance"),
        Check("dtype", "float32 in, float32 out", 1, "rows-of-a-table", row_float32_cases),
        Check("untouched", "The table is left as it was", 1, "rows-of-a-table", row_untouched_cases),
    ),
    suspects=(
        Suspect("return-in-loop", lambda x: (z_scores(x[:1])[0][0],)),
        Suspect("one-row-decides", lambda x: (zeros_beside_a_constant_row(x),)),
        *alone(zeros_given, WRONG_TABLES),
        *alone(z_by, WRONG_TABLES, throughout=True),
        *alone(unguarded, WRONG_TABLES, throughout=True),
        *ROW_SUSPECTS,
        *together(z_by, (*PAIRED, *WRONG_TABLES)),
    ),
    misconceptions=MISCONCEPTIONS,
)  # fmt: skip
