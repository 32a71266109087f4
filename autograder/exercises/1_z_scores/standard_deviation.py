"""``standard_deviation``: cases, checks and misconceptions."""

import math

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.wrong_parts import alone, together

from .parts import (
    EXAM,
    FAR,
    MISCONCEPTIONS,
    PLACES,
    SPREADS,
    deviations,
    integer_cases,
    invoke,
    offset_cases,
    size_cases,
    untouched_cases,
    value_cases,
    with_tolerance,
)


def standard_deviation(scores: np.ndarray) -> tuple:
    exact = scores.astype(np.longdouble)
    return (np.sqrt(np.mean((exact - np.mean(exact)) ** 2)),)


def mean_of(values: np.ndarray, count: int) -> float:
    return float(values.sum()) / count


def spread_by(
    scores=lambda x: x,
    centre=np.mean,
    measure=lambda x, mu: (x - mu) ** 2,
    average=mean_of,
    root=lambda v, n: np.sqrt(v),
    finish=lambda s: s,
):
    """The standard deviation, or one in which some parts are others.

    Parts: the scores that count; what is subtracted from them; what is averaged; that and n → the average; that and n → its
    root; what is done with the root.
    """

    def imitation(x):
        x = scores(x)
        return (finish(root(average(measure(x, centre(x)), len(x)), len(x))),)

    return imitation


def counted_from(more: int):
    """Where a count that is off by so much divides both sums."""
    return {"centre": lambda x: mean_of(x, len(x) + more), "average": lambda v, n: mean_of(v, n + more)}


def added_up(x):
    """The root of the mean deviation, one score after another: rounding differs from NumPy's."""
    values = x.tolist()
    mean = sum(values) / len(values)
    return math.sqrt(sum(value - mean for value in values) / len(values))


# What goes wrong: (misconception, what stands in place of the right parts).
WRONG = (
    ("ddof-1", {"average": lambda v, n: mean_of(v, n - 1)}),  # raises at n = 1
    ("one-subtracted", {"average": lambda v, n: mean_of(v, n) - 1}),
    ("sum-for-mean", {"average": lambda v, n: mean_of(v, 1)}),
    ("count-off-by-one", {"average": lambda v, n: mean_of(v, n + 1)}),
    *(("count-off-by-one", counted_from(more)) for more in (1, -1)),
    ("length-fixed", {"average": lambda v, n: mean_of(v, len(EXAM))}),
    ("length-fixed", {"centre": lambda x: mean_of(x, len(EXAM))}),
    ("length-fixed", {"centre": lambda x: mean_of(x, len(EXAM)), "average": lambda v, n: mean_of(v, len(EXAM))}),
    ("no-root", {"root": lambda v, n: v}),
    ("half-not-root", {"root": lambda v, n: v / 2}),
    ("root-before-mean", {"root": lambda v, n: np.sqrt(v / n)}),
    ("absolute-deviation", {"measure": lambda x, mu: np.abs(x - mu), "root": lambda v, n: v}),
    ("absolute-deviation", {"measure": lambda x, mu: np.abs(x - mu)}),
    ("score-skipped", {"measure": lambda x, mu: (x[1:] - mu) ** 2}),
    ("score-skipped", {"measure": lambda x, mu: (x[:-1] - mu) ** 2}),
    ("return-in-loop", {"measure": lambda x, mu: (x[:1] - mu) ** 2}),
    ("last-only", {"measure": lambda x, mu: (x[-1:] - mu) ** 2}),
    ("sum-subtracted", {"centre": np.sum}),
    ("not-centred", {"centre": lambda x: 0.0}),
    ("integer-truncated", {"centre": lambda x: np.floor(x.mean())}),
    ("integer-truncated", {"scores": np.trunc}),
    ("ties-dropped", {"scores": np.unique}),
    *(("rounded", {"finish": lambda s, k=k: round(s, k)}) for k in PLACES),
)
# These give NaN, or what rounding leaves.
WRONG_THROUGHOUT = (
    ("not-squared", {"measure": lambda x, mu: x - mu}),
    ("not-squared", {"measure": lambda x, mu: (x - mu) * 2}),
    ("not-squared", {"measure": lambda x, mu: x - mu, "root": lambda v, n: abs(v)}),  # the mean squared
    ("negative-under-root", {"measure": lambda x, mu: x - mu**2}),
    ("negative-under-root", {"measure": lambda x, mu: mu**2 - x**2}),
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
        Suspect("ddof-1", lambda x: (np.sqrt((deviations(x) ** 2).sum() / (len(x) - 1)),)),
        Suspect("one-subtracted", lambda x: (math.sqrt((deviations(x) ** 2).mean() - 1),)),
        *alone(spread_by, WRONG),
        *alone(spread_by, WRONG_THROUGHOUT, throughout=True),
        Suspect("not-squared", lambda x: (added_up(x),), throughout=True),
        *together(spread_by, WRONG),
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=SPREADS,
)  # fmt: skip
