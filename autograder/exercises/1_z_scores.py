"""Hidden side of ``1_z_scores``: references, cases, tolerances, checks and misconceptions.

Partial credit. Integers, offsets, constant and very small scores, float32 and untouched inputs each
have a check of their own, and the other checks forgive them, so that one mistake costs one check.

Tolerances. An honest float64 computation of a spread, in whatever order, is good to about 1e-13 on
scores of moderate size: allowed are 1e-9. A z-score is of order one, and the smallest mistake that
the z checks must see, n − 1 for n at n = 12, changes it by 4 %; they allow 1e-4, so that a small ε in
the denominator is left to the check that is made for it. That one compares relatively, with 1e-4:
at scores of 1e-13 an ε above 1e-17 shows. At offset c the data is only known to an ulp of c, and
so is the mean: z is off by ulp(c)/σ times a small factor, about 1e-6 for a loop over 1000 scores at
1e8, and the spread by less. The offset checks allow 1e-4 for z and 1e-5 for a spread, where the
one-pass formula is wrong by the spread itself.
"""

import math

import numpy as np

from autograder import reading
from autograder.exercise import Case, Check, Exercise, Output, Question, Quiz, Suspect, Topic
from autograder.misconceptions import common, half_not_root, in_section, named
from autograder.norm_names import LIBRARIES
from autograder.norm_parts import added_down
from autograder.student import Reply, Rules, Student
from autograder.student_side import wire

EXAM = np.array([20.0, 50.0, 60.0, 80.0, 90.0])
SIZES = (1, 2, 3, 5, 7, 64, 768, 1000)
Z = {"atol": 1e-4, "rtol": 1e-4}
FAR = {"atol": 1e-5, "rtol": 1e-6}

# misconceptions -------------------------------------------------------------------------------

MISCONCEPTIONS = (
    common("four-steps")
    | named(half_not_root("four-steps", "the variance"))
    | in_section(
        "n-or-n-minus-1",
        {
            "ddof-1": "This is what dividing by n − 1 gives. That is the estimate for a population of which you saw a sample; "
            "here the scores are the whole population, and every norm layer divides by n.",
            "one-subtracted": "1 was subtracted from the average: Python divides before it subtracts, so `total / n - 1` is no "
            "division by n − 1. Here n itself divides.",
        },
    )
    | in_section(
        "four-steps",
        {
            "no-root": "This is the variance: the last of the four steps, the square root, is missing.",
            "absolute-deviation": "The absolute deviations were averaged. The standard deviation squares them before it "
            "averages, and takes the root after.",
            "sum-for-mean": "The squared deviations are added but not averaged: divide their sum by n.",
            "root-before-mean": "The root was taken of the sum, and n divided only then. Average the squares first: n belongs "
            "inside the root. (What is divided by √n once more is the standard error of a mean, which nobody asks for here.)",
            "not-squared": "The deviations were averaged without being squared. Those above the mean cancel those below, and "
            "only rounding is left, whose root may be NaN. Square each deviation first, then average.",
            "score-skipped": "The first or the last score is left out. `range(n)` runs over all n places, from 0 to n − 1; "
            "`range(1, n)` and `range(n - 1)` leave one out, and so does a `next` before the loop.",
            "length-fixed": "The sum was divided by 5, the number of scores in the example. Divide by n: `len(scores)`.",
            "ties-dropped": "Scores that occur more than once were counted once: a `set`, and `np.unique`, keep one of each. "
            "Every score counts.",
            "negative-under-root": "What stands under the root is negative, so the root is NaN. An average of squares is never "
            "negative. Perhaps only the mean was squared: Python takes the power before it subtracts, so write `(scores - mean) "
            "** 2`.",
            "last-only": "Only the last score was counted. The line that adds up belongs inside the loop, indented as far as its "
            "other lines, and it adds: `+=`.",
            "return-in-loop": "`return` stands inside the loop, which therefore ends after its first round. Indent it no further "
            "than the `for`.",
            "rounded": "The result was rounded. Return all its digits: whoever prints it can round it.",
            "not-averaged": "Every deviation was divided by the root of its own square, so only its sign is left. Average the "
            "squares, then take the root: one standard deviation for all the scores of a row.",
            "sum-subtracted": "The sum of the scores was subtracted where their mean belongs: divide it by n first.",
            "not-centred": "Somewhere the mean is not subtracted, so distances are measured from zero and not from the mean.",
            "integer-truncated": "Fractions were cut off, or could not be written into an array of whole numbers. An integer "
            "array, and one made by `zeros_like` or `copy` from it, holds whole numbers only, and `//` and `int` round down. "
            "Work in float.",
        },
    )
    | in_section(
        "welford",
        {
            "root-taken": "This is the standard deviation. The variance is asked for: leave the root away.",
            "welford-old-mean": "This is what the update gives when it multiplies a deviation by itself. Welford multiplies the "
            "deviation from the old mean by the deviation from the new one, and by nothing else.",
            "update-not-divided": "The mean was moved by the whole deviation of each value, so that it ends at the last one. The "
            "n-th value counts for 1/n: divide its deviation by n.",
            "divided-at-each-step": "Each new product was divided by the count so far. Add the products up as they are, and "
            "divide once, after the loop, by the final n.",
            "count-off-by-one": "A count is off by one, at the end or from the beginning. Start at n = 0, add one for each "
            "value, and divide by the n that includes the last. (The last place of `range(n)` is n − 1.)",
            "outputs-swapped": "Mean and variance are exchanged: return (mean, variance).",
            "stream-stored": "The whole stream was collected before it was used. It may be longer than memory: keep a count, a "
            "mean and a sum of squared deviations, and let each value go.",
            "stream-read-twice": "The stream can be read once; a second loop over it finds nothing. Update mean and variance "
            "together, value by value.",
        },
    )
    | in_section(
        "what-z-keeps",
        {
            "divided-by-variance": "The deviations are divided by the variance. A z-score counts standard deviations: take the "
            "root first.",
            "root-twice": "The deviations are divided by the root of the standard deviation. That one is a root already: "
            "`np.std` takes it, `np.var` does not.",
            "multiplied": "The deviations are multiplied by the standard deviation. A z-score says how many standard deviations "
            "a deviation holds: divide.",
            "sign-reversed": "All signs are exchanged: the scores were subtracted from the mean. A score above the mean has a "
            "positive z, so it is the score minus the mean.",
            "sign-lost": "The signs are gone: the deviations were squared, or made positive. A score below the mean has a "
            "negative z; the squares serve the standard deviation alone.",
            "range-for-deviation": "The scores were divided by their range, max − min, which two scores alone decide. A z-score "
            "is the distance from the mean, divided by the standard deviation.",
            "only-centred": "The deviations are right but still in the scores' own unit: divide them by the standard deviation.",
            "missing-parentheses": "Python divides before it subtracts, so here only the mean was divided by the standard "
            "deviation. Put the subtraction in parentheses.",
        },
    )
    | in_section(
        "constant-scores",
        {
            "epsilon-added": "A small number was added to the denominator, so z shrinks towards zero when the scores themselves "
            "are small. A z-score does not depend on the unit. Divide by the standard deviation alone, and treat equal scores on "
            "their own.",
            "tolerance-for-constant": "Scores that differ were taken for equal ones, because a difference or a deviation fell "
            "below a tolerance. What is small depends on the unit. `x.max() == x.min()` is exact and needs no tolerance.",
            "ends-compared": "Scores that differ were taken for equal ones, because two of them are equal, such as the first and "
            "the last. Compare all of them: `x.max() == x.min()`.",
            "nan-on-constant": "Equal scores have no spread, and 0/0 is NaN. The result is zeros, without a warning: mend the "
            "divisor before you divide. Beware of `std == 0`, since the computed mean of three 0.1s is not 0.1: compare "
            "`x.max()` with `x.min()`.",
        },
    )
    | in_section(
        "rows-of-a-table",
        {
            "wrong-axis": "A mean or a deviation was taken down the columns. A row is standardised by its own mean and "
            "deviation: reduce over the last axis. (Python's own `sum(table)` adds down the columns.)",
            "whole-array": "One mean or one deviation was taken for the whole table. Every row needs its own: give `axis=-1`.",
            "one-row-decides": "One constant row made the whole table zeros. Decide row by row: an `if` decides for all of them, "
            "`np.where(constant, 1, std)` for each.",
            "divided-by-rows": "A sum over a row was divided by the number of rows: `len(table)` is the length of the first "
            "axis. A row has `table.shape[-1]` scores.",
            "keepdims-missing": "The row statistics lost their axis, so NumPy lined them up with the columns: an error when the "
            "table is not square, and silently wrong when it is. Reduce with `keepdims=True`.",
            "only-2d": "It works for a table with two axes only. The last axis is `axis=-1`, however many stand before it, and a "
            "1-D array is a single row.",
        },
    )
    | in_section(
        "one-pass-loses-digits",
        {
            "one-pass-variance": "At a large offset the digits cancel: E[x²] − E[x]² subtracts two huge, nearly equal numbers. "
            "Subtract the mean first, or update mean and squared deviations together as Welford does.",
        },
    )
)


# references -----------------------------------------------------------------------------------


def standard_deviation(scores: np.ndarray) -> tuple:
    exact = scores.astype(np.longdouble)
    return (np.sqrt(np.mean((exact - np.mean(exact)) ** 2)),)


def z_scores(table: np.ndarray) -> tuple:
    """Rows (or the only one) in extended precision; a row of equal scores gives zeros."""
    exact = table.astype(np.longdouble)
    deviation = exact - exact.mean(axis=-1, keepdims=True)
    spread = np.sqrt((deviation**2).mean(axis=-1, keepdims=True))
    constant = table.max(axis=-1, keepdims=True) == table.min(axis=-1, keepdims=True)
    return (np.where(constant, 0.0, deviation / np.where(constant, 1.0, spread)),)


def running_mean_variance(stream: np.ndarray) -> tuple:
    exact = stream.astype(np.longdouble)
    return exact.mean(), exact.var()


# drawing --------------------------------------------------------------------------------------


def skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.gamma(2.0, 3.0, size=n) * rng.choice([-1, 1])


def scores_case(rng: np.random.Generator, n: int, offset: float = 0.0, unit: float = 1.0, **more) -> Case:
    """n skewed scores around an offset; the words tell no values."""
    words = f"{n} scores" if n > 1 else "a single score"
    words += f" around {offset:g}" if offset else ""
    words += f" of about {unit:g}" if unit != 1 else ""
    return Case((offset + unit * skewed(rng, n),), words, **{"may_change": True} | more)


def shown(values: list, words: str, **more) -> Case:
    return Case((np.array(values),), words, public=True, **{"may_change": True} | more)


def exam(**more) -> Case:
    return shown(list(EXAM), "the scores 20, 50, 60, 80, 90", control=True, **more)


def with_equal_ends(scores: np.ndarray) -> np.ndarray:
    """Scores or rows in which the first two and the last are equal."""
    scores[..., 1] = scores[..., -1] = scores[..., 0]
    return scores


def rows(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    """Rows that differ in location and scale."""
    scale = rng.uniform(0.5, 20.0, size=(*shape[:-1], 1))
    return rng.normal(size=shape) * scale + rng.normal(scale=30.0, size=(*shape[:-1], 1))


def table_case(rng: np.random.Generator, shape: tuple, **more) -> Case:
    return Case((rows(rng, shape),), f"a table of shape {shape}", **Z | {"may_change": True} | more)


def plain_table(rng: np.random.Generator) -> Case:
    return table_case(rng, (3, 5), control=True)


# cases of one row of scores; ``how`` holds the tolerances --------------------------------------


def value_cases(rng, **how):
    return [exam(**how), *(scores_case(rng, n, control=True, **how) for n in (5, 12))]


def size_cases(rng, **how):
    ties = shown([2.0, 4.0, 4.0, 10.0], "the scores 2, 4, 4, 10", **how)
    return [exam(**how), ties] + [scores_case(rng, n, **how) for n in SIZES]


def integer_cases(rng, **how):
    drawn = rng.integers(-50, 50, size=8)
    drawn = np.append(drawn, 1 - drawn.sum() % 9)  # nine whole numbers whose mean is not one
    return [
        scores_case(rng, 6, control=True, **how),
        shown([1, 2, 4], "the whole numbers 1, 2, 4", **how),
        Case((drawn,), "9 whole numbers", may_change=True, **how),
    ]


def offset_cases(rng, **how):
    far = shown([1e8, 1e8 + 1, 1e8 + 2], "the scores 100000000, 100000001, 100000002", **how)
    near = scores_case(rng, 8, control=True, **how)
    return [near, far] + [scores_case(rng, n, offset=c, **how) for n, c in ((7, 1e6), (64, 1e8), (1000, -1e8))]


def untouched_cases(rng, **how):
    plain = {"may_change": False} | how
    values = skewed(rng, 10)
    apart = Case((wire.Strided(values),), "scores that are not contiguous", **plain)
    return [exam(**plain), scores_case(rng, 10, control=True, **plain), apart]


def constant_cases(rng, **how):
    level = float(rng.normal(scale=40.0))
    more = {"quiet": True} | how
    return [
        scores_case(rng, 6, control=True, **more),
        shown([7.0, 7.0, 7.0], "the scores 7, 7, 7", **more),
        shown([0.1, 0.1, 0.1], "the scores 0.1, 0.1, 0.1", **more),
        Case((np.full(7, level),), "7 equal scores", may_change=True, **more),
        Case((np.array([-level]),), "a single score", may_change=True, **more),
        Case((with_equal_ends(skewed(rng, 8)),), "8 scores that differ, the first two and the last equal", may_change=True, **more),
    ]


def unit_cases(rng):
    how = {"atol": 0.0, "rtol": 1e-4}
    return [
        scores_case(rng, 7, control=True, **how),
        shown([1e-13, 2e-13, 4e-13], "the scores 1e-13, 2e-13, 4e-13", **how),
        *(scores_case(rng, n, unit=unit, **how) for n, unit in ((8, 1e-11), (9, 1e-13), (5, 1e9))),
    ]


def float32_cases(rng):
    return [
        scores_case(rng, 6, control=True, **Z),
        *(
            Case((rng.normal(loc=2.0, size=n).astype("float32"),), f"{n} scores in float32", may_change=True, **Z)
            for n in (5, 64)
        ),
        Case((np.full(6, 2.5, "float32"),), "6 equal scores in float32", may_change=True, **Z),
        Case((np.full(5, 17),), "5 equal whole numbers", may_change=True, **Z),
    ]


def with_tolerance(cases, **how):
    return lambda rng: cases(rng, **how)


# cases of tables ------------------------------------------------------------------------------


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


# cases of streams -----------------------------------------------------------------------------


def as_stream(case: Case) -> Case:
    words = case.words.replace("the scores", "the stream").replace(" scores", " values in a stream")
    words = words.replace("a single score", "a stream of one value")
    return Case((wire.Stream(case.args[0]),), words, atol=case.atol, rtol=case.rtol, control=case.control, public=case.public)


def streams(cases, **how):
    return lambda rng: [as_stream(case) for case in cases(rng, **how)]


def long_stream_cases(rng):
    """A stream that would take 3 MB as a list of floats, and more as a set: no value comes twice."""
    long = as_stream(scores_case(rng, 100_000)).args[0]
    return [
        as_stream(scores_case(rng, 12, control=True)),
        Case((long,), "a stream of 100,000 values", may_grow=2**20),
    ]


# exercises ------------------------------------------------------------------------------------


def invoke(name: str):
    def run(student: Student, case: Case) -> Reply:
        return reading.single(student.call(name, *case.args))

    return run


def invoke_running(student: Student, case: Case) -> Reply:
    return reading.as_tuple(student.call("running_mean_variance", *case.args), "(mean, variance)", 2)


def over_row(statistic, x):
    return statistic(x, axis=-1, keepdims=True)


def deviations(x):
    return x - over_row(np.mean, x)


def with_floored_mean(x):
    return math.sqrt(((x - np.floor(x.mean())) ** 2).mean())


def with_fixed_length(n: int, mean=np.mean):
    def imitation(x):
        return (math.sqrt(((x - mean(x)) ** 2).sum() / n),)

    return imitation


def with_count(of_squares: int, of_scores: int):
    """The counts that divide the sum of squares and the sum of scores, each off by so much."""

    def imitation(x):
        mean = float(x.sum()) / (len(x) + of_scores)
        return (math.sqrt(float(((x - mean) ** 2).sum()) / (len(x) + of_squares)),)

    return imitation


def root(number) -> tuple:
    with np.errstate(invalid="ignore"):
        return (np.sqrt(number),)


def added_up(x):
    """The root of the mean deviation, one score after another: rounding differs from NumPy's."""
    values = x.tolist()
    mean = sum(values) / len(values)
    return math.sqrt(sum(value - mean for value in values) / len(values))


PLACES = range(5)  # to which a result may have been rounded

SPREADS = frozenset(
    "std var nanstd nanvar cov pstdev pvariance stdev variance covariance correlation linear_regression".split()
    + ["from_samples", "_ss", "moment"]  # no class of `statistics`: its body runs wherever the module is imported first
)

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
        Check("offset", "A large common offset does no harm", 1, "one-pass-loses-digits",
              with_tolerance(offset_cases, **FAR), "one-pass-variance"),
        Check("untouched", "The scores are left as they were", 1, "four-steps", untouched_cases),
    ),
    suspects=(
        Suspect("ddof-1", lambda x: (math.sqrt((deviations(x) ** 2).sum() / (len(x) - 1)),)),
        Suspect("ddof-1", lambda x: (math.sqrt(float((deviations(x) ** 2).sum()) / (len(x) - 1)),)),  # raises at n = 1
        Suspect("one-subtracted", lambda x: (math.sqrt((deviations(x) ** 2).mean() - 1),)),
        Suspect("one-subtracted", lambda x: root((deviations(x) ** 2).mean() - 1)),
        Suspect("no-root", lambda x: ((deviations(x) ** 2).mean(),)),
        Suspect("absolute-deviation", lambda x: (np.abs(deviations(x)).mean(),)),
        Suspect("sum-for-mean", lambda x: (math.sqrt((deviations(x) ** 2).sum()),)),
        Suspect("root-before-mean", lambda x: (math.sqrt((deviations(x) ** 2).sum()) / len(x),)),
        Suspect("half-not-root", lambda x: ((deviations(x) ** 2).mean() / 2,)),
        Suspect("score-skipped", lambda x: (math.sqrt((deviations(x)[1:] ** 2).sum() / len(x)),)),
        Suspect("score-skipped", lambda x: (math.sqrt((deviations(x)[:-1] ** 2).sum() / len(x)),)),
        Suspect("return-in-loop", lambda x: (math.sqrt(deviations(x)[0] ** 2 / len(x)),)),
        *(Suspect("rounded", lambda x, k=k: (round(math.sqrt((deviations(x) ** 2).mean()), k),)) for k in PLACES),
        Suspect("not-squared", lambda x: (np.sqrt(deviations(x).mean()),), throughout=True),
        Suspect("not-squared", lambda x: (np.sqrt((deviations(x) * 2).mean()),), throughout=True),
        Suspect("not-squared", lambda x: (added_up(x),), throughout=True),
        Suspect("not-squared", lambda x: (abs(deviations(x).mean()),), throughout=True),  # the mean squared
        Suspect("negative-under-root", lambda x: root((x - x.mean() ** 2).mean()), throughout=True),
        Suspect("negative-under-root", lambda x: root(x.mean() ** 2 - (x**2).mean()), throughout=True),
        Suspect("length-fixed", with_fixed_length(len(EXAM))),
        Suspect("length-fixed", with_fixed_length(len(EXAM), lambda x: x.sum() / len(EXAM))),
        Suspect("ties-dropped", lambda x: (np.std(np.unique(x)),)),
        Suspect("count-off-by-one", with_count(1, 0)),
        Suspect("count-off-by-one", with_count(1, 1)),
        Suspect("count-off-by-one", with_count(-1, -1)),
        Suspect("last-only", lambda x: (math.sqrt(deviations(x)[-1] ** 2 / len(x)),)),
        Suspect("sum-subtracted", lambda x: (math.sqrt(((x - x.sum()) ** 2).mean()),)),
        Suspect("not-centred", lambda x: (math.sqrt((x**2).mean()),)),
        Suspect("integer-truncated", lambda x: (with_floored_mean(x),)),
        Suspect("integer-truncated", lambda x: (np.std(np.trunc(x)),)),
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=SPREADS,
)  # fmt: skip


def taken_for_constant(x):
    """Zeros for a row whose spread is small, in itself or against its mean; else the right answer."""
    spread = over_row(np.std, x)
    small = (spread < 1e-2) | (spread < 1e-4 * np.abs(over_row(np.mean, x)))
    if not small.any():
        raise ValueError("not to be told from the right answer")
    return np.where(small, 0.0, deviations(x) / spread)


def unguarded(x):
    """The formula as it stands: NaN for a constant row, or rounding error divided by itself."""
    if not np.any(over_row(np.max, x) == over_row(np.min, x)):
        raise ValueError("not to be told from the right answer")
    return deviations(x) / over_row(np.std, x)


def ends_compared(x):
    """Zeros where the first and the last score are equal."""
    return np.where(x[..., :1] == x[..., -1:], 0.0, deviations(x) / over_row(np.std, x))


def not_squared(x):
    return (deviations(x) / np.sqrt(over_row(np.mean, deviations(x))),)


def with_epsilon(e, form):
    return lambda x: (deviations(x) / form(over_row(np.std, x), e),)


def guarded(imitation):
    """The same mistake, with zeros for constant rows."""
    return lambda x: (np.where(over_row(np.max, x) == over_row(np.min, x), 0.0, imitation(x)[0]),)


def rounded(places):
    return lambda x: (np.round(deviations(x) / over_row(np.std, x), places),)


def about_the_sum(x):
    return x - over_row(np.sum, x)


def root_mean_square(x):
    return np.sqrt(over_row(np.mean, x**2))


# Wrong ways to standardise one row, and every row of a table alike.
WRONG_ROWS = (
    ("missing-parentheses", lambda x: (x - over_row(np.mean, x) / over_row(np.std, x),)),
    ("tolerance-for-constant", lambda x: (taken_for_constant(x),)),
    ("divided-by-variance", lambda x: (deviations(x) / over_row(np.var, x),)),
    ("root-twice", lambda x: (deviations(x) / np.sqrt(over_row(np.std, x)),)),
    ("multiplied", lambda x: (deviations(x) * over_row(np.std, x),)),
    ("sign-reversed", lambda x: (-deviations(x) / over_row(np.std, x),)),
    ("sign-lost", lambda x: (np.abs(deviations(x)) / over_row(np.std, x),)),
    ("sign-lost", lambda x: (deviations(x) ** 2 / over_row(np.var, x),)),
    ("sign-lost", lambda x: (deviations(x) ** 2 / over_row(np.std, x),)),
    ("only-centred", lambda x: (deviations(x),)),
    ("ddof-1", lambda x: (deviations(x) / np.sqrt(over_row(np.sum, deviations(x) ** 2) / (x.shape[-1] - 1)),)),
    ("sum-for-mean", lambda x: (deviations(x) / np.sqrt(over_row(np.sum, deviations(x) ** 2)),)),
    ("absolute-deviation", lambda x: (deviations(x) / over_row(np.mean, np.abs(deviations(x))),)),
    ("root-before-mean", lambda x: (deviations(x) / (np.sqrt(over_row(np.sum, deviations(x) ** 2)) / x.shape[-1]),)),
    ("half-not-root", lambda x: (deviations(x) / (over_row(np.var, x) / 2),)),
    ("half-not-root", lambda x: (deviations(x) / over_row(np.var, x) / 2,)),
    ("range-for-deviation", lambda x: (deviations(x) / over_row(np.ptp, x),)),
    ("range-for-deviation", lambda x: ((x - over_row(np.min, x)) / over_row(np.ptp, x),)),
    ("not-averaged", lambda x: (deviations(x) / np.sqrt(deviations(x) ** 2),)),
    ("sum-subtracted", lambda x: (about_the_sum(x) / over_row(np.std, x),)),
    ("sum-subtracted", lambda x: (about_the_sum(x) / root_mean_square(about_the_sum(x)),)),
    ("not-centred", lambda x: (x / over_row(np.std, x),)),
    ("not-centred", lambda x: (x / root_mean_square(x),)),
    ("not-centred", lambda x: (deviations(x) / root_mean_square(x),)),
    *(
        ("epsilon-added", with_epsilon(e, form))
        for e in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, np.finfo("float64").eps, 1e-16)
        for form in (lambda s, e: s + e, lambda s, e: np.sqrt(s**2 + e), lambda s, e: np.maximum(s, e))
    ),
    # After ε: rounded to three places, z is as near to a z with a small ε as that is to z.
    *(("rounded", rounded(places)) for places in PLACES),
)
ROW_SUSPECTS = (
    Suspect("nan-on-constant", lambda x: (unguarded(x),)),
    Suspect("ends-compared", lambda x: (ends_compared(x),)),
    # NaN can have other reasons in one case; hence throughout.
    *(Suspect("not-squared", wrong, throughout=True) for wrong in (not_squared, guarded(not_squared))),
    *(Suspect(name, wrong) for name, way in WRONG_ROWS for wrong in (way, guarded(way))),
)


def by_length(x, centre):
    """Standardised about a centre, with the length of the table for that of a row."""
    return (x - centre) / np.sqrt(((x - centre) ** 2).sum(-1, keepdims=True) / len(x))


def zeros_beside_a_constant_row(x):
    constant = over_row(np.max, x) == over_row(np.min, x)
    if x.ndim < 2 or not constant.any() or constant.all():
        raise ValueError("not to be told from the right answer")
    return np.zeros(x.shape)


# One of a table's two statistics taken over the wrong axes.
ONE_WRONG = (
    ("wrong-axis", lambda x: (added_down(x, 0.0),)),
    ("wrong-axis", lambda x: ((x - x.sum(0) / x.shape[-1]) / over_row(np.std, x),)),
    ("wrong-axis", lambda x: ((x - x.mean(axis=0)) / over_row(np.std, x),)),
    ("wrong-axis", lambda x: (deviations(x) / x.std(axis=0),)),
    ("whole-array", lambda x: ((x - x.mean()) / over_row(np.std, x),)),
    ("whole-array", lambda x: (deviations(x) / x.std(),)),
    # The standard deviation is the root of the mean square of those very deviations.
    ("wrong-axis", lambda x: ((x - x.mean(axis=0)) / root_mean_square(x - x.mean(axis=0)),)),
    ("wrong-axis", lambda x: (deviations(x) / np.sqrt((deviations(x) ** 2).mean(axis=0)),)),
    ("whole-array", lambda x: ((x - x.mean()) / root_mean_square(x - x.mean()),)),
    ("whole-array", lambda x: (deviations(x) / np.sqrt((deviations(x) ** 2).mean()),)),
    ("whole-array", lambda x: (deviations(x) / np.sqrt((deviations(x) ** 2).sum() / x.shape[-1]),)),
    ("divided-by-rows", lambda x: (by_length(x, x.sum(-1, keepdims=True) / len(x)),)),
    ("divided-by-rows", lambda x: (by_length(x, over_row(np.mean, x)),)),
)

Z_SCORES = Exercise(
    name="z_scores",
    functions=("z_scores",),
    outputs=(Output("z"),),
    invoke=invoke("z_scores"),
    reference=z_scores,
    section="what-z-keeps",
    checks=(
        Check("values", "Each score becomes its deviation from the mean in standard deviations", 2, "what-z-keeps",
              with_tolerance(value_cases, **Z)),
        Check("constant", "Equal scores give zeros, without NaN or warning", 2, "constant-scores",
              with_tolerance(constant_cases, **Z), "nan-on-constant"),
        Check("unit", "The unit does not matter: tiny scores have z-scores too", 1, "constant-scores", unit_cases, "epsilon-added"),
        Check("integers", "Whole numbers are scores too", 1, "four-steps",
              with_tolerance(integer_cases, **Z), "integer-truncated"),
        Check("offset", "A large common offset does no harm", 1, "one-pass-loses-digits",
              with_tolerance(offset_cases, **Z), "one-pass-variance"),
        Check("dtype", "float32 in, float32 out; float64 for whole numbers", 1, "four-steps", float32_cases),
        Check("untouched", "The scores are left as they were", 1, "four-steps", with_tolerance(untouched_cases, **Z)),
    ),
    suspects=ROW_SUSPECTS,
    misconceptions=MISCONCEPTIONS,
)  # fmt: skip

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
        Suspect("wrong-axis", lambda x: ((x - x.mean(axis=0)) / x.std(axis=0),)),
        Suspect("wrong-axis", lambda x: ((x - x.mean(axis=-2, keepdims=True)) / x.std(axis=-2, keepdims=True),)),
        Suspect("whole-array", lambda x: ((x - x.mean()) / x.std(),)),
        Suspect("return-in-loop", lambda x: (z_scores(x[:1])[0][0],)),
        Suspect("one-row-decides", lambda x: (zeros_beside_a_constant_row(x),)),
        Suspect("keepdims-missing", lambda x: ((x - x.mean(axis=-1)) / x.std(axis=-1),)),
        Suspect("keepdims-missing", lambda x: (deviations(x) / x.std(axis=-1),)),
        Suspect("keepdims-missing", lambda x: ((x - x.mean(axis=-1)) / over_row(np.std, x),)),
        *(Suspect(name, wrong) for name, way in ONE_WRONG for wrong in (way, guarded(way))),
        *ROW_SUSPECTS,
    ),
    misconceptions=MISCONCEPTIONS,
)  # fmt: skip


def welford_with_old_mean(x):
    mean = total = 0.0
    for n, value in enumerate(x, start=1):
        old = mean
        mean += (value - old) / n
        total += (value - old) ** 2 if n > 1 else 0.0
    return mean, total / len(x)


def welford_from_zero(x):
    """As above, but the first value counts with its distance from the initial mean 0."""
    mean, variance = welford_with_old_mean(x)
    return mean, variance + x[0] ** 2 / len(x)


def welford_with_new_mean(x):
    mean = total = 0.0
    for n, value in enumerate(x, start=1):
        mean += (value - mean) / n
        total += (value - mean) ** 2
    return mean, total / len(x)


def welford_not_divided(x):
    """Every value moves the mean to itself, and nothing is left of its deviation from it."""
    return x[-1], 0.0


def welford_from_one(x):
    """Counts from 1: what a stream gives that begins with a 0 more."""
    longer = np.append(x, 0.0)
    return longer.mean(), longer.var()


def last_product(x):
    """The last deviation from the old mean times that from the new one."""
    old = x[:-1].mean() if len(x) > 1 else 0.0
    return (x[-1] - old) * (x[-1] - x.mean())


def divided_at_each_step(x):
    mean = variance = 0.0
    for n, value in enumerate(x, start=1):
        old = mean
        mean += (value - old) / n
        variance += (value - old) * (value - mean) / n
    return mean, variance


def sample_variance(x):
    return x.var() * len(x) / (len(x) - 1)


RUNNING_MEAN_VARIANCE = Exercise(
    name="running_mean_variance",
    functions=("running_mean_variance",),
    outputs=(Output("the mean", "number"), Output("the variance", "number")),
    invoke=invoke_running,
    reference=running_mean_variance,
    section="welford",
    checks=(
        Check("values", "Mean and population variance of a stream", 2, "welford", streams(value_cases)),
        Check("sizes", "It holds for a stream of any length", 1, "welford", streams(size_cases)),
        Check("offset", "A large common offset does no harm", 3, "one-pass-loses-digits",
              streams(offset_cases, **FAR), "one-pass-variance"),
        Check("memory", "The stream is not kept", 1, "welford", long_stream_cases, "stream-stored"),
    ),
    suspects=(
        Suspect("ddof-1", lambda x: (x.mean(), sample_variance(x))),
        Suspect("ddof-1", lambda x: (x.mean(), sample_variance(x) if len(x) > 1 else 0.0)),
        Suspect("ddof-1", lambda x: (x.mean(), float(x.var()) * len(x) / (len(x) - 1))),  # raises at n = 1
        Suspect("sum-for-mean", lambda x: (x.mean(), x.var() * len(x))),
        Suspect("root-taken", lambda x: (x.mean(), x.std())),
        Suspect("one-subtracted", lambda x: (x.mean(), x.var() - 1)),
        Suspect("integer-truncated", lambda x: (np.trunc(x).mean(), np.trunc(x).var())),
        Suspect("not-centred", lambda x: (x.mean(), (x**2).mean())),
        Suspect("welford-old-mean", welford_with_old_mean),
        Suspect("welford-old-mean", welford_from_zero),
        Suspect("welford-old-mean", welford_with_new_mean),
        Suspect("update-not-divided", welford_not_divided),
        Suspect("divided-at-each-step", divided_at_each_step),
        Suspect("count-off-by-one", welford_from_one),
        Suspect("count-off-by-one", lambda x: (x.mean(), x.var() * len(x) / (len(x) + 1))),
        Suspect("return-in-loop", lambda x: (x[0], 0.0)),
        Suspect("last-only", lambda x: (x.mean(), last_product(x) / len(x))),
        Suspect("score-skipped", lambda x: (x[1:].mean(), x[1:].var()) if len(x) > 1 else 1 / 0),
        *(Suspect("rounded", lambda x, k=k: (round(x.mean(), k), round(x.var(), k))) for k in PLACES),
        Suspect("outputs-swapped", lambda x: (x.var(), x.mean())),
        Suspect("stream-read-twice", lambda x: (x.mean(), 0.0)),
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=SPREADS,
)  # fmt: skip

# quiz -----------------------------------------------------------------------------------------

QUIZ = Quiz(
    name="quiz_1_z_scores",
    variable="answers",
    questions=(
        Question(
            "q1", "b",
            {
                "a": "Adding 10 to every score moves the mean by 10 too; the deviations, and so their spread, stay.",
                "c": "The mean grows by 10 as well, so the distance of every score from it is what it was.",
                "d": "The squares are taken of the deviations, and these do not change at all.",
            },
            "what-z-keeps",
        ),
        Question(
            "q2", "c",
            {
                "a": "The mean of z is 0, whatever the scores were.",
                "b": "z divides by the standard deviation, so its own is 1, whatever it was before.",
                "d": "A shift and a positive scale make nothing bell-shaped: scores that are skewed have skewed z-scores.",
            },
            "what-z-keeps",
        ),
        Question(
            "q3", "a",
            {
                "b": "Neighbouring float64 numbers near 1e8 are about 1.5e-8 apart: the scores are told apart well enough. "
                "Their squares, near 1e16, are 2 apart.",
                "c": "Squares of 1e8 do not overflow in float64, whose range ends near 1e308. They run out of digits.",
                "d": "On paper the formula is the population variance, exactly. The rounding of its two large terms ruins it.",
            },
            "one-pass-loses-digits",
        ),
        Question(
            "q4", "d",
            {
                "a": "`axis=0` is the axis that disappears: this leaves one mean for each column.",
                "b": "Without an axis there is one mean for the whole table.",
                "c": "Without `keepdims` the means have shape (rows,), and NumPy lines them up with the columns.",
            },
            "rows-of-a-table",
        ),
    ),
)  # fmt: skip

TOPIC = Topic(
    stem="1_z_scores",
    exercises=(STANDARD_DEVIATION, Z_SCORES, Z_SCORES_BY_ROW, RUNNING_MEAN_VARIANCE),
    quiz=QUIZ,
    rules=Rules(forbidden=("torch", "pandas", *LIBRARIES)),
)
