"""``z_scores``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Case, Check, Exercise, Output, Suspect

from .parts import (
    MISCONCEPTIONS,
    PLACES,
    deviations,
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
