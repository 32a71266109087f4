"""What several exercises of this topic share."""

import numpy as np

from autograder import reading
from autograder.exercise import Case
from autograder.exercises.misconceptions import common, half_not_root, in_section, named
from autograder.student import Reply, Student
from autograder.student_side import wire

EXAM = np.array([20.0, 50.0, 60.0, 80.0, 90.0])
SIZES = (1, 2, 3, 5, 7, 64, 768, 1000)

FAR = {"atol": 1e-5, "rtol": 1e-6}


# misconceptions ---------------------------------------------------------------------------------

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


# drawing ----------------------------------------------------------------------------------------


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


# cases; ``how`` holds the tolerances ------------------------------------------------------------


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


def with_tolerance(cases, **how):
    return lambda rng: cases(rng, **how)


def invoke(name: str):
    def run(student: Student, case: Case) -> Reply:
        return reading.single(student.call(name, *case.args))

    return run


def over_row(statistic, x):
    return statistic(x, axis=-1, keepdims=True)


def deviations(x):
    return x - over_row(np.mean, x)


PLACES = range(5)  # to which a result may have been rounded

SPREADS = frozenset(
    "std var nanstd nanvar cov pstdev pvariance stdev variance covariance correlation linear_regression".split()
    + ["from_samples", "_ss", "moment"]  # no class of `statistics`: its body runs wherever the module is imported first
)
