"""``z_scores``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Case, Check, Exercise, Output, Suspect
from autograder.exercises.norm_parts import own
from autograder.exercises.wrong_parts import alone, together

from .parts import (
    MISCONCEPTIONS,
    PLACES,
    integer_cases,
    invoke,
    offset_cases,
    over_row,
    scores_case,
    shown,
    skewed,
    untouched_cases,
    value_cases,
    with_tolerance,
)

Z = {"atol": 1e-4, "rtol": 1e-4}


# references -------------------------------------------------------------------------------------


def z_scores(table: np.ndarray) -> tuple:
    """Rows (or the only one) in extended precision; a row of equal scores gives zeros."""
    exact = table.astype(np.longdouble)
    deviation = exact - exact.mean(axis=-1, keepdims=True)
    spread = np.sqrt((deviation**2).mean(axis=-1, keepdims=True))
    constant = table.max(axis=-1, keepdims=True) == table.min(axis=-1, keepdims=True)
    return (np.where(constant, 0.0, deviation / np.where(constant, 1.0, spread)),)


# drawing ----------------------------------------------------------------------------------------


def with_equal_ends(scores: np.ndarray) -> np.ndarray:
    """Scores or rows in which the first two and the last are equal."""
    scores[..., 1] = scores[..., -1] = scores[..., 0]
    return scores


# cases; ``how`` holds the tolerances ------------------------------------------------------------


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


# the exercise -----------------------------------------------------------------------------------


def constant(x):
    return over_row(np.max, x) == over_row(np.min, x)


def small(x):
    """Where the spread is small, in itself or against its mean."""
    spread = over_row(np.std, x)
    return (spread < 1e-2) | (spread < 1e-4 * np.abs(over_row(np.mean, x)))


def mean_square(x):
    return over_row(np.mean, x**2)


def z_by(
    centre=lambda x: over_row(np.mean, x),
    spread=lambda x, dev: mean_square(dev),
    count=lambda v, n: v,
    root=np.sqrt,
    guard=lambda x, s: np.where(constant(x) | (s == 0), 1.0, s),
    removed=lambda mu: mu,
    quotient=lambda x, mu, s: (x - mu) / s,
    finish=lambda z: z,
):
    """The z-scores of rows, or what stands in their place where some parts are others.

    Parts: x → the mean; x and the deviations → the variance; that, with how many numbers it averages → what the root is taken
    of; that → the standard deviation; x and that → what divides; the mean → what is subtracted in the end; x and those two → z;
    what is done with z.
    """

    def imitation(x):
        mu = centre(x)
        v = spread(x, x - mu)
        s = root(count(v, np.float64(x.size / np.size(v))))
        return (finish(quotient(x, removed(mu), guard(x, s))),)

    return imitation


def unguarded(**parts):
    """NaN for a constant row, or rounding error divided by itself."""
    return z_by(**{"guard": lambda x, s: s} | parts)


def zeros_given(**parts):
    """Zeros for a constant row, whatever the formula gives."""
    return lambda x: (np.where(constant(x), 0.0, unguarded(**parts)(x)[0]),)


def variance(x):
    return over_row(np.var, x)


def added_to(e, form):
    return "epsilon-added", {"root": lambda v: form(np.sqrt(v), e)}


FORMS = (lambda s, e: s + e, lambda s, e: np.sqrt(s**2 + e), lambda s, e: np.maximum(s, e))
EPSILONS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, np.finfo("float64").eps, 1e-16)

# Wrong ways to standardise one row, and every row of a table alike: (misconception, what stands in place of the right parts).
WRONG_ROWS = (
    ("tolerance-for-constant", {"guard": lambda x, s: np.where(small(x), np.inf, s)}),  # zeros
    ("tolerance-for-constant", {"guard": lambda x, s: np.where(small(x), 1.0, s)}),
    ("only-centred", {"quotient": lambda x, mu, s: x - mu}),
    ("missing-parentheses", {"quotient": lambda x, mu, s: x - mu / s}),
    ("ends-compared", {"guard": lambda x, s: np.where(x[..., :1] == x[..., -1:], np.inf, s)}),
    ("divided-by-variance", {"root": lambda v: v}),
    ("root-twice", {"root": lambda v: np.sqrt(np.sqrt(v))}),
    ("multiplied", {"quotient": lambda x, mu, s: (x - mu) * s}),
    ("sign-reversed", {"quotient": lambda x, mu, s: (mu - x) / s}),
    ("sign-lost", {"quotient": lambda x, mu, s: np.abs(x - mu) / s}),
    ("sign-lost", {"quotient": lambda x, mu, s: ((x - mu) / s) ** 2}),
    ("sign-lost", {"quotient": lambda x, mu, s: (x - mu) ** 2 / s}),
    ("ddof-1", {"count": lambda v, n: v * n / (n - 1)}),
    ("sum-for-mean", {"count": lambda v, n: v * n}),
    ("root-before-mean", {"count": lambda v, n: v / n}),
    ("absolute-deviation", {"spread": lambda x, dev: over_row(np.mean, np.abs(dev)), "root": lambda v: v}),
    ("absolute-deviation", {"spread": lambda x, dev: over_row(np.mean, np.abs(dev)) ** 2}),
    ("absolute-deviation", {"spread": lambda x, dev: over_row(np.mean, np.abs(dev))}),
    ("half-not-root", {"root": lambda v: v / 2}),
    ("half-not-root", {"root": lambda v: v * 2}),
    ("range-for-deviation", {"spread": own(lambda x: over_row(np.ptp, x) ** 2)}),
    ("range-for-deviation", {"centre": lambda x: over_row(np.min, x), "spread": own(lambda x: over_row(np.ptp, x) ** 2)}),
    ("not-averaged", {"spread": lambda x, dev: dev**2}),
    ("sum-subtracted", {"centre": lambda x: over_row(np.sum, x), "spread": own(variance)}),
    ("sum-subtracted", {"centre": lambda x: over_row(np.sum, x)}),
    ("not-centred", {"removed": lambda mu: 0.0}),
    ("not-centred", {"centre": lambda x: 0.0}),
    ("not-centred", {"spread": own(mean_square)}),
)
WITH_EPSILON = tuple(added_to(e, form) for e in EPSILONS for form in FORMS)
ROUNDED = tuple(("rounded", {"finish": lambda z, k=k: np.round(z, k)}) for k in PLACES)
NOT_SQUARED = (("not-squared", {"spread": lambda x, dev: over_row(np.mean, dev)}),)
# ε after the others, and rounding after ε: rounded to three places, z is as near to a z with a small ε as that is to z.
ALONE = (*WRONG_ROWS, *WITH_EPSILON, *ROUNDED)
# Of pairs ε is the likelier: rounded, what it leaves of tiny scores is as well what a tolerance leaves.
PAIRED = (*(added_to(e, form) for e in (1e-5, 1e-6, 1e-8, 1e-12) for form in FORMS[:2]), *WRONG_ROWS, *ROUNDED[1:4])

ROW_SUSPECTS = (
    Suspect("nan-on-constant", unguarded()),
    # What a constant row gives can have other reasons; hence throughout, unless it gives zeros. So can NaN everywhere.
    *alone(unguarded, NOT_SQUARED, throughout=True),
    *alone(zeros_given, NOT_SQUARED, throughout=True),
    *alone(zeros_given, ALONE),
    *alone(z_by, ALONE, throughout=True),
    *alone(unguarded, ALONE, throughout=True),
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
    suspects=(*ROW_SUSPECTS, *together(z_by, PAIRED)),
    misconceptions=MISCONCEPTIONS,
)  # fmt: skip
