"""``standard_deviation``: cases, checks and misconceptions."""

import math

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect

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
