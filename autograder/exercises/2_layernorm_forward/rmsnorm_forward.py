"""``rmsnorm_forward``: cases, checks and misconceptions."""

import functools

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_parts import mean, mean_square, norm_by, nothing, tokens
from autograder.exercises.wrong_parts import alone, together

from .parts import (
    BOTH,
    COMMON_PARTS,
    DEFAULTS,
    EPS,
    EPSILON_PARTS,
    LEAST_SPREAD,
    axes_cases,
    case,
    dtype_cases,
    epsilon_cases,
    erased,
    half_cases,
    invoke,
    layout_cases,
    outside_root,
    padded,
    repeat_cases,
    rmsnorm,
    size_cases,
    sum_of_squares,
    untouched_cases,
    value_cases,
)

RMSNORM_ONLY = (
    in_section(
        "rmsnorm",
        {
            "ddof-1": "This is what dividing by d − 1 gives. A mean square divides by d: no mean was subtracted, and a token's "
            "features are all there is, not a sample.",
            "layernorm-for-rms": "The mean was subtracted, from the features or inside the root: that measures the spread about "
            "the mean. RMSNorm squares the features as they are, and does not centre.",
            "multiplied": "The features are multiplied by the root of mean square + ε, or divided by its reciprocal. They are "
            "divided by the root, so that the root mean square becomes 1.",
            "not-squared": "The features were averaged as they are, and squared, if at all, only then: positive and negative "
            "ones cancel. Square each feature first, then average.",
            "not-averaged": "Every feature was divided by the root of its own square, so only its sign is left. Average the "
            "squares over the features: one mean square a token.",
            "no-root": "The features are divided by the mean square: the square root is missing.",
            "sum-for-mean": "The squares are added but not averaged: divide their sum by d before you take the root.",
        },
    )
    | in_section(
        "gamma-beta",
        {
            "affine-wrong": "γ is used in another way than it should be: added, divided by, or used as 1 + γ; or `@` stands "
            "where `*` belongs, and adds up over the features. It multiplies, feature by feature: y = γ ⊙ x̂.",
            "affine-ignored": "γ does not appear in the result. After normalising, each feature is multiplied by its γ.",
        },
    )
    | in_section(
        "epsilon",
        {
            "nan-on-constant": "A token of zeros has the root mean square 0, and 0/0 is NaN. Divide once, by the root of mean "
            "square + ε; the output is then 0.",
        },
    )
)


def zero_cases(rng, parameters):
    """ε cases and tokens of zeros, which have no root mean square to divide by."""
    x = tokens(rng, (5, 7), least_spread=LEAST_SPREAD)
    x[1] = x[3] = 0.0
    return epsilon_cases(rng, parameters) + [case(rng, x, parameters, ", two tokens are zeros")]


def divided_by_rms_first(x, gamma, eps=EPS):
    size = np.sqrt(mean(x**2))
    return (gamma * (x / size) * (size / np.sqrt(size**2 + eps)),)


def rmsnorm_by(centre=nothing, **parts):
    """RMSNorm, or one in which some parts are others."""
    norm = norm_by(centre, **parts)
    return lambda x, gamma, eps=EPS: norm(x, gamma, eps=eps)


RMSNORM_PARTS = (
    *COMMON_PARTS,
    ("layernorm-for-rms", {"centre": mean}),
    ("layernorm-for-rms", {"spread": lambda x, dev: mean_square(x - mean(x))}),
    ("layernorm-for-rms", {"quotient": lambda x, mu, s: (x - mean(x)) / s}),
    ("not-squared", {"spread": lambda x, dev: mean(x)}),
    ("not-squared", {"spread": lambda x, dev: mean(x) ** 2}),
    ("padded-lanes", {"spread": lambda x, dev: mean_square(padded(x))}),
)

RMSNORM_SUSPECTS = (
    Suspect("half-precision-statistics", erased(mean_square)[1], raw=True),
    Suspect("half-precision-statistics", erased(sum_of_squares)[1], raw=True),
    Suspect("nan-on-constant", divided_by_rms_first),
    Suspect("affine-before", lambda x, g, eps=EPS: rmsnorm(g * x, 1.0, eps)),
    *alone(rmsnorm_by, RMSNORM_PARTS),
    *(Suspect("eps-default", lambda x, g, eps=default: rmsnorm(x, g, eps)) for default in DEFAULTS),
    *alone(rmsnorm_by, EPSILON_PARTS),
    *(
        Suspect("eps-outside-root", lambda x, g, eps=default: rmsnorm_by(root=outside_root)(x, g, eps))
        for default in DEFAULTS
    ),
    # A unit vector times √d.
    Suspect("eps-as-floor", lambda x, g, eps=EPS: (g * x * x.shape[-1] ** 0.5 / np.maximum(np.sqrt(sum_of_squares(x)), eps),)),
    Suspect("eps-misplaced", lambda x, g, eps=EPS: (g * (x / np.sqrt(mean_square(x)) + eps),)),
    Suspect("eps-misplaced", lambda x, g, eps=EPS: (g * x / np.sqrt(mean_square(x + eps)),)),
    *together(rmsnorm_by, RMSNORM_PARTS + EPSILON_PARTS),
)


def for_rmsnorm(cases):
    return functools.partial(cases, parameters=1)


RMSNORM_FORWARD = Exercise(
    name="rmsnorm_forward",
    functions=("rmsnorm_forward",),
    outputs=(Output("y"),),
    invoke=invoke("rmsnorm_forward"),
    reference=rmsnorm,
    section="rmsnorm",
    checks=(
        Check(
            "values",
            "Each token is divided by the root of its mean square, then scaled",
            2,
            "rmsnorm",
            for_rmsnorm(value_cases),
        ),
        Check(
            "axes", "Any number of axes before the last, and none", 1, "any-shape", for_rmsnorm(axes_cases), "only-2d"
        ),
        Check("sizes", "Any number of features", 1, "forward-numerics", for_rmsnorm(size_cases), "power-of-two-only"),
        Check(
            "epsilon",
            "ε stands inside the root, follows the argument and keeps zeros finite",
            2,
            "epsilon",
            for_rmsnorm(zero_cases),
        ),
        Check(
            "half",
            "float16 tokens of hundreds and thousands do not overflow",
            1,
            "forward-numerics",
            for_rmsnorm(half_cases),
            "half-precision-statistics",
        ),
        Check("dtype", "The result has x's dtype", 1, "forward-numerics", for_rmsnorm(dtype_cases)),
        Check(
            "layout",
            "Arrays that are not contiguous in memory",
            1,
            "any-shape",
            for_rmsnorm(layout_cases),
            "memory-order",
        ),
        Check("untouched", "The arguments are left as they were", 1, "any-shape", for_rmsnorm(untouched_cases)),
        Check(
            "repeat",
            "Every call computes from its own arguments",
            1,
            "any-shape",
            for_rmsnorm(repeat_cases),
            "cached-answer",
        ),
    ),
    suspects=RMSNORM_SUSPECTS,
    misconceptions=BOTH | RMSNORM_ONLY,
)
