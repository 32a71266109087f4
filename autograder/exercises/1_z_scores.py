"""Hidden side of ``1_z_scores``: references, cases, tolerances, checks and misconceptions.

Tolerances. Float64 cases of moderate size allow 1e-9: an honest computation, in whatever order, is
good to about 1e-13. At offset c the data itself is only known to an ulp of c, and the mean is
rounded to it too, so z is off by up to ulp(c)/σ times a small factor; the offset cases allow 1e-5,
where the one-pass formula is wrong by orders of magnitude.
"""

import math

import numpy as np

from autograder import reading
from autograder.exercise import Case, Check, Exercise, Misconception, Output, Question, Quiz, Suspect, Topic
from autograder.misconceptions import common, named
from autograder.student import Reply, Student
from autograder.student_side import wire

EXAM = np.array([20.0, 50.0, 60.0, 80.0, 90.0])
SIZES = (2, 3, 5, 7, 64, 768, 1000)

MISCONCEPTIONS = common("four-steps") | named(
    Misconception(
        "ddof-1",
        "This is what dividing by n − 1 gives. That is the estimate for a population of which you saw a sample; here "
        "the scores are the whole population, and every norm layer divides by n.",
        "n-or-n-minus-1",
    ),
    Misconception(
        "no-root",
        "This is the variance: the last of the four steps, the square root, is missing.",
        "four-steps",
    ),
    Misconception(
        "absolute-deviation",
        "This is the mean of the absolute deviations. The standard deviation squares them before it averages.",
        "four-steps",
    ),
    Misconception(
        "sum-for-mean",
        "The squared deviations are added but not averaged: divide their sum by n before you take the root.",
        "four-steps",
    ),
    Misconception(
        "not-centred",
        "The mean is not subtracted, so this measures the distance from zero and not from the mean.",
        "four-steps",
    ),
    Misconception(
        "divided-by-variance",
        "The deviations are divided by the variance. A z-score counts standard deviations: take the root first.",
        "four-steps",
    ),
    Misconception(
        "only-centred",
        "The deviations are right but still in the scores' own unit: divide them by the standard deviation.",
        "what-z-keeps",
    ),
    Misconception(
        "epsilon-added",
        "A small number was added to the denominator, so z is slightly too small everywhere. Treat the constant case "
        "on its own instead.",
        "constant-scores",
    ),
    Misconception(
        "nan-on-constant",
        "Equal scores have no spread, and 0/0 is NaN. Decide what to return: here it is zeros, without a warning. "
        "Beware of `std == 0`: the mean of three 0.1s is not exactly 0.1, so test whether all scores are equal.",
        "constant-scores",
    ),
    Misconception(
        "integer-truncated",
        "With integer scores the result was rounded to integers. Convert to float before you subtract and divide.",
        "four-steps",
    ),
    Misconception(
        "wrong-axis",
        "The statistics run down the columns. A row is standardised by its own mean and deviation: reduce over the "
        "last axis.",
        "rows-of-a-table",
    ),
    Misconception(
        "whole-array",
        "One mean and one deviation were taken for the whole table. Every row needs its own: give `axis=-1`.",
        "rows-of-a-table",
    ),
    Misconception(
        "keepdims-missing",
        "The row statistics lost their axis, so NumPy lined them up with the columns: an error when the table is not "
        "square, and silently wrong when it is. Reduce with `keepdims=True`.",
        "rows-of-a-table",
    ),
    Misconception(
        "only-2d",
        "It works for a table with two axes only. The last axis is `axis=-1`, however many stand before it.",
        "rows-of-a-table",
    ),
    Misconception(
        "one-pass-variance",
        "At a large offset the digits cancel: E[x²] − E[x]² subtracts two huge, nearly equal numbers. Subtract the "
        "mean first, or update mean and squared deviations together as Welford does.",
        "one-pass-loses-digits",
    ),
    Misconception(
        "welford-old-mean",
        "The update multiplies the deviation by itself. Welford multiplies the deviation from the old mean by the "
        "deviation from the new one.",
        "welford",
    ),
    Misconception(
        "stream-read-twice",
        "The stream can be read once; a second loop over it finds nothing. Update mean and variance together, value "
        "by value.",
        "welford",
    ),
)


# references -----------------------------------------------------------------------------------


def standard_deviation(scores: np.ndarray) -> tuple:
    return (math.sqrt(np.mean((scores - np.mean(scores)) ** 2)),)


def z_scores_by_row(table: np.ndarray) -> tuple:
    """Rows in extended precision; a row of equal scores gives zeros."""
    exact = table.astype(np.longdouble)
    deviation = exact - exact.mean(axis=-1, keepdims=True)
    spread = np.sqrt((deviation**2).mean(axis=-1, keepdims=True))
    constant = table.max(axis=-1, keepdims=True) == table.min(axis=-1, keepdims=True)
    return (np.where(constant, 0.0, deviation / np.where(constant, 1.0, spread)),)


def running_mean_variance(stream: np.ndarray) -> tuple:
    exact = stream.astype(np.longdouble)
    return exact.mean(), exact.var()


# drawing --------------------------------------------------------------------------------------


def scores_case(rng: np.random.Generator, n: int, offset: float = 0.0, control: bool = False, **more) -> Case:
    """n skewed scores around an offset; the words tell no values."""
    values = offset + rng.gamma(2.0, 3.0, size=n) * rng.choice([-1, 1])
    words = f"{n} scores" + (f" around {offset:g}" if offset else "")
    return Case((values,), words, control=control, **more)


def table_case(rng: np.random.Generator, shape: tuple, control: bool = False, **more) -> Case:
    """Rows that differ in location and scale."""
    scale = rng.uniform(0.5, 20.0, size=(*shape[:-1], 1))
    values = rng.normal(size=shape) * scale + rng.normal(scale=30.0, size=(*shape[:-1], 1))
    return Case((values,), f"a table of shape {shape}", control=control, **more)


def as_stream(case: Case) -> Case:
    values = case.args[0]
    return Case((wire.Stream(values),), case.words.replace("scores", "values of a stream"), case.kwargs,
                case.atol, case.rtol, case.control, case.public)  # fmt: skip


def exam(**more) -> Case:
    return Case((EXAM,), "the scores 20, 50, 60, 80, 90", public=True, control=True, **more)


# checks ---------------------------------------------------------------------------------------


def value_cases(rng):
    return [exam(), scores_case(rng, 5, control=True), scores_case(rng, 12, control=True)]


def size_cases(rng):
    return [exam()] + [scores_case(rng, n) for n in SIZES]


def integer_cases(rng):
    drawn = rng.integers(-50, 50, size=9)
    return [
        scores_case(rng, 6, control=True),
        Case((np.array([1, 2, 4]),), "the whole numbers 1, 2, 4", public=True),
        Case((drawn,), "9 whole numbers"),
    ]


def offset_cases(rng):
    far = Case((np.array([1e8, 1e8 + 1, 1e8 + 2]),), "100000000, 100000001, 100000002", public=True, atol=1e-5)
    near = scores_case(rng, 8, control=True)
    return [near, far] + [scores_case(rng, n, offset=c, atol=1e-5, rtol=1e-6) for n, c in ((7, 1e6), (64, 1e8), (1000, -1e8))]


def untouched_cases(rng):
    values = scores_case(rng, 10).args[0]
    return [scores_case(rng, 10, control=True), Case((wire.Strided(values),), "scores that are not contiguous"), exam()]


def constant_cases(rng):
    level = float(rng.normal(scale=40.0))
    return [
        scores_case(rng, 6, control=True, quiet=True),
        Case((np.array([7.0, 7.0, 7.0]),), "the scores 7, 7, 7", public=True, quiet=True),
        Case((np.array([0.1, 0.1, 0.1]),), "the scores 0.1, 0.1, 0.1", public=True, quiet=True),
        Case((np.full(7, level),), "7 equal scores", quiet=True),
        Case((np.array([level]),), "a single score", quiet=True),
    ]


def float32_cases(rng):
    out = [scores_case(rng, 6, control=True)]
    for n in (5, 64):
        values = rng.normal(loc=2.0, size=n).astype("float32")
        out.append(Case((values,), f"{n} scores in float32", atol=1e-4, rtol=1e-4))
    return out


def row_value_cases(rng):
    table = np.array([[20.0, 50.0, 60.0, 80.0, 90.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    shown = Case((table,), "the table [[20 50 60 80 90] [1 2 3 4 5]]", public=True, control=True)
    return [shown, table_case(rng, (3, 4), control=True), table_case(rng, (4, 4), control=True)]


def row_axes_cases(rng):
    shapes = [(5,), (2, 3, 4), (2, 2, 3, 5), (2, 1, 3, 2, 4)]
    return [table_case(rng, (4, 6), control=True)] + [table_case(rng, shape) for shape in shapes]


def row_constant_cases(rng):
    table = table_case(rng, (4, 5)).args[0]
    table[1] = 0.1
    table[2] = float(rng.normal())
    shown = Case((np.array([[1.0, 2.0, 3.0], [7.0, 7.0, 7.0]]),), "the table [[1 2 3] [7 7 7]]", public=True, quiet=True)
    return [
        table_case(rng, (3, 5), control=True, quiet=True),
        shown,
        Case((table,), "a table in which two rows are constant", quiet=True),
        Case((table[:, :1].copy(),), "a table with one column", quiet=True),
    ]


def row_untouched_cases(rng):
    values = table_case(rng, (3, 5)).args[0]
    return [table_case(rng, (3, 5), control=True), Case((wire.Strided(values),), "a table that is not contiguous")]


def row_float32_cases(rng):
    narrow = table_case(rng, (6, 64)).args[0].astype("float32")
    return [table_case(rng, (3, 5), control=True), Case((narrow,), "a float32 table", atol=1e-3, rtol=1e-3)]


def streams(cases):
    return lambda rng: [as_stream(case) for case in cases(rng)]


# exercises ------------------------------------------------------------------------------------


def invoke(name: str):
    def run(student: Student, case: Case) -> Reply:
        return reading.single(student.call(name, *case.args, **case.kwargs))

    return run


def invoke_running(student: Student, case: Case) -> Reply:
    return reading.as_tuple(student.call("running_mean_variance", *case.args), "(mean, variance)", 2)


def deviations(x):
    return x - x.mean()


STANDARD_DEVIATION = Exercise(
    name="standard_deviation",
    functions=("standard_deviation",),
    outputs=(Output("the standard deviation", "number"),),
    invoke=invoke("standard_deviation"),
    reference=standard_deviation,
    section="four-steps",
    checks=(
        Check("values", "Four steps give the population standard deviation", 2, "four-steps", value_cases),
        Check("sizes", "It holds for any number of scores", 1, "four-steps", size_cases),
        Check("integers", "Whole numbers are scores too", 1, "four-steps", integer_cases, "integer-truncated"),
        Check("offset", "A large common offset does no harm", 1, "one-pass-loses-digits", offset_cases, "one-pass-variance"),
        Check("untouched", "The scores are left as they were", 1, "four-steps", untouched_cases),
    ),
    suspects=(
        Suspect("ddof-1", lambda x: (math.sqrt((deviations(x) ** 2).sum() / (len(x) - 1)),)),
        Suspect("no-root", lambda x: ((deviations(x) ** 2).mean(),)),
        Suspect("absolute-deviation", lambda x: (np.abs(deviations(x)).mean(),)),
        Suspect("sum-for-mean", lambda x: (math.sqrt((deviations(x) ** 2).sum()),)),
        Suspect("not-centred", lambda x: (math.sqrt((x**2).mean()),)),
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=frozenset({"std", "var", "nanstd", "nanvar", "cov", "pstdev", "pvariance", "stdev", "variance"}),
)

Z_SUSPECTS = (
    Suspect("divided-by-variance", lambda x: (deviations(x) / deviations(x).var(),)),
    Suspect("only-centred", lambda x: (deviations(x),)),
    Suspect("ddof-1", lambda x: (deviations(x) / x.std(ddof=1),)),
    Suspect("not-centred", lambda x: (x / x.std(),)),
)

Z_SCORES = Exercise(
    name="z_scores",
    functions=("z_scores",),
    outputs=(Output("z"),),
    invoke=invoke("z_scores"),
    reference=z_scores_by_row,
    section="what-z-keeps",
    checks=(
        Check("values", "Each score becomes its distance from the mean in standard deviations", 2, "what-z-keeps", value_cases),
        Check("constant", "Equal scores give zeros, without NaN or warning", 2, "constant-scores", constant_cases, "nan-on-constant"),
        Check("integers", "Whole numbers are scores too", 1, "four-steps", integer_cases, "integer-truncated"),
        Check("offset", "A large common offset does no harm", 1, "one-pass-loses-digits", offset_cases, "one-pass-variance"),
        Check("dtype", "float32 in, float32 out", 1, "four-steps", float32_cases),
        Check("untouched", "The scores are left as they were", 1, "four-steps", untouched_cases),
    ),
    suspects=Z_SUSPECTS
    + tuple(
        Suspect("epsilon-added", lambda x, e=e, f=f: (deviations(x) / f(x, e),))
        for e in (1e-3, 1e-5, 1e-6, 1e-7, 1e-8)
        for f in (lambda x, e: x.std() + e, lambda x, e: np.sqrt(x.var() + e))
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=frozenset({"zscore", "scale", "StandardScaler"}),
)


def by_rows(x, statistic):
    return statistic(x, axis=-1, keepdims=True)


Z_SCORES_BY_ROW = Exercise(
    name="z_scores_by_row",
    functions=("z_scores_by_row",),
    outputs=(Output("z"),),
    invoke=invoke("z_scores_by_row"),
    reference=z_scores_by_row,
    section="rows-of-a-table",
    checks=(
        Check("values", "Every row is standardised by its own statistics", 2, "rows-of-a-table", row_value_cases),
        Check("axes", "Any number of axes before the last", 1, "rows-of-a-table", row_axes_cases, "only-2d"),
        Check("constant", "Constant rows give zeros, without NaN or warning", 1, "constant-scores", row_constant_cases, "nan-on-constant"),
        Check("dtype", "float32 in, float32 out", 1, "rows-of-a-table", row_float32_cases),
        Check("untouched", "The table is left as it was", 1, "rows-of-a-table", row_untouched_cases),
    ),
    suspects=(
        Suspect("wrong-axis", lambda x: ((x - x.mean(axis=0)) / x.std(axis=0),)),
        Suspect("whole-array", lambda x: ((x - x.mean()) / x.std(),)),
        Suspect("keepdims-missing", lambda x: ((x - x.mean(axis=-1)) / x.std(axis=-1),)),
        Suspect("keepdims-missing", lambda x: ((x - by_rows(x, np.mean)) / x.std(axis=-1),)),
        Suspect("ddof-1", lambda x: ((x - by_rows(x, np.mean)) / x.std(axis=-1, ddof=1, keepdims=True),)),
        Suspect("divided-by-variance", lambda x: ((x - by_rows(x, np.mean)) / by_rows(x, np.var),)),
        Suspect("only-centred", lambda x: (x - by_rows(x, np.mean),)),
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=frozenset({"zscore", "scale", "StandardScaler"}),
)


def welford_with_old_mean(x):
    mean = total = 0.0
    for n, value in enumerate(x, start=1):
        total += (value - mean) ** 2
        mean += (value - mean) / n
    return mean, total / len(x)


def welford_with_new_mean(x):
    mean = total = 0.0
    for n, value in enumerate(x, start=1):
        mean += (value - mean) / n
        total += (value - mean) ** 2
    return mean, total / len(x)


RUNNING_MEAN_VARIANCE = Exercise(
    name="running_mean_variance",
    functions=("running_mean_variance",),
    outputs=(Output("the mean", "number"), Output("the variance", "number")),
    invoke=invoke_running,
    reference=running_mean_variance,
    section="welford",
    checks=(
        Check("values", "Mean and population variance of a stream", 2, "welford", streams(value_cases)),
        Check("sizes", "It holds for a stream of any length", 1, "welford", lambda rng: streams(size_cases)(rng)
              + [as_stream(scores_case(rng, 1))]),
        Check("offset", "A large common offset does no harm", 2, "one-pass-loses-digits", streams(offset_cases), "one-pass-variance"),
    ),
    suspects=(
        Suspect("ddof-1", lambda x: (x.mean(), x.var() * len(x) / (len(x) - 1) if len(x) > 1 else 0.0)),
        Suspect("ddof-1", lambda x: (x.mean(), x.var() * len(x) / (len(x) - 1))),
        Suspect("sum-for-mean", lambda x: (x.mean(), x.var() * len(x))),
        Suspect("welford-old-mean", welford_with_old_mean),
        Suspect("welford-old-mean", welford_with_new_mean),
        Suspect("stream-read-twice", lambda x: (x.mean(), 0.0)),
    ),
    misconceptions=MISCONCEPTIONS,
)

QUIZ = Quiz(
    name="quiz_1_z_scores",
    variable="answers",
    questions=(
        Question(
            "q1", "b",
            {
                "a": "Adding 10 to every score moves the mean by 10 too; the deviations, and so their spread, stay.",
                "c": "A shift moves every score and the mean alike, so no deviation changes.",
                "d": "No square is involved: the deviations do not change at all.",
            },
            "what-z-keeps",
        ),
        Question(
            "q2", "c",
            {
                "a": "The mean of z is 0, whatever the scores were.",
                "b": "z divides by the standard deviation, so its own is 1; its shape is that of the scores.",
                "d": "z keeps the order and the shape of the scores. A skewed set stays skewed.",
            },
            "what-z-keeps",
        ),
        Question(
            "q3", "a",
            {
                "b": "The variance is not 0 there; it is what the subtraction of two huge numbers leaves of it.",
                "c": "Squares of 1e8 do not overflow in float64, whose range ends near 1e308. They run out of digits.",
                "d": "The formula is right on paper. It is the rounding of the two large terms that ruins it.",
            },
            "one-pass-loses-digits",
        ),
        Question(
            "q4", "d",
            {
                "a": "`axis=0` gives one statistic a column.",
                "b": "Without an axis there is one statistic for the whole table.",
                "c": "Without `keepdims` the statistics have shape (rows,), which NumPy lines up with the columns.",
            },
            "rows-of-a-table",
        ),
    ),
)  # fmt: skip

TOPIC = Topic(
    stem="1_z_scores",
    exercises=(STANDARD_DEVIATION, Z_SCORES, Z_SCORES_BY_ROW, RUNNING_MEAN_VARIANCE),
    quiz=QUIZ,
    forbidden=("torch", "tensorflow", "jax", "scipy", "sklearn", "pandas"),
)
