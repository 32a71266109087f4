"""``rmsnorm_forward``: cases, checks and misconceptions."""

import functools

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_parts import mean, tokens

from .parts import (
    BOTH,
    DEFAULTS,
    EPS,
    FIXED,
    LEAST_SPREAD,
    MISPLACED,
    all_axes,
    axes_cases,
    by_length,
    case,
    column,
    dtype_cases,
    epsilon_cases,
    erased,
    first_axis,
    half_cases,
    invoke,
    layernorm,
    layout_cases,
    leading_axes,
    mean_square,
    next_to_last_axis,
    outside_root,
    over,
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


def right_rms(x, eps):
    return x / np.sqrt(mean_square(x) + eps)


def written_rms(x_hat):
    """RMSNorm with another x̂, a function of x and ε."""
    return lambda x, gamma, eps=EPS: (gamma * x_hat(x, eps),)


RMSNORM_SUSPECTS = (
    Suspect("half-precision-statistics", erased(mean_square)[1], raw=True),
    Suspect("half-precision-statistics", erased(sum_of_squares)[1], raw=True),
    Suspect("nan-on-constant", divided_by_rms_first),
    Suspect("layernorm-for-rms", lambda x, g, eps=EPS: layernorm(x, g, 0.0, eps)),
    Suspect("layernorm-for-rms", lambda x, g, eps=EPS: (g * x / np.sqrt(mean_square(x - mean(x)) + eps),)),
    Suspect("layernorm-for-rms", lambda x, g, eps=EPS: (g * (x - mean(x)) / np.sqrt(mean_square(x) + eps),)),
    Suspect("affine-ignored", lambda x, g, eps=EPS: rmsnorm(x, 1.0, eps)),
    Suspect("affine-before", lambda x, g, eps=EPS: rmsnorm(g * x, 1.0, eps)),
    Suspect("affine-wrong-shape", lambda x, g, eps=EPS: rmsnorm(x, column(g), eps)),
    Suspect("keepdims-missing", lambda x, g, eps=EPS: (g * x / np.sqrt((x**2).mean(axis=-1) + eps),)),
    Suspect("whole-array", over(all_axes)[1]),
    Suspect("whole-array", written_rms(lambda x, e: x / np.sqrt((x**2).sum() / x.shape[-1] + e))),
    Suspect("wrong-axis", over(first_axis)[1]),
    Suspect("wrong-axis", over(leading_axes)[1]),
    Suspect("wrong-axis", over(next_to_last_axis)[1]),
    Suspect("ddof-1", lambda x, g, eps=EPS: (g * x / np.sqrt(sum_of_squares(x) / np.float64(x.shape[-1] - 1) + eps),)),
    Suspect("divided-by-tokens", lambda x, g, eps=EPS: (g * by_length(x, 0.0, eps),)),
    Suspect("half-not-root", lambda x, g, eps=EPS: (g * x / (mean_square(x) + eps) * 2,)),
    Suspect("half-not-root", lambda x, g, eps=EPS: (g * x / (mean_square(x) + eps) / 2,)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) + g,)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) / g,)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) * (1 + g),)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) @ g,)),
    Suspect("no-root", lambda x, g, eps=EPS: (g * x / (mean_square(x) + eps),)),
    Suspect("sum-for-mean", lambda x, g, eps=EPS: (g * x / np.sqrt((x**2).sum(-1, keepdims=True) + eps),)),
    Suspect("multiplied", lambda x, g, eps=EPS: (g * x * np.sqrt(mean_square(x) + eps),)),
    Suspect("not-squared", lambda x, g, eps=EPS: (g * x / np.sqrt(mean(x) + eps),)),
    Suspect("not-squared", lambda x, g, eps=EPS: (g * x / np.sqrt(mean(x) ** 2 + eps),)),
    Suspect("not-averaged", lambda x, g, eps=EPS: (g * x / np.sqrt(x**2 + eps),)),
    Suspect("root-before-mean", lambda x, g, eps=EPS: (g * x / (np.sqrt(sum_of_squares(x) + eps) / x.shape[-1]),)),
    Suspect("root-before-mean", lambda x, g, eps=EPS: (g * x / np.sqrt(sum_of_squares(x) / x.shape[-1] ** 2 + eps),)),
    Suspect("padded-lanes", lambda x, g, eps=EPS: (g * x / np.sqrt(mean_square(padded(x)) + eps),)),
    *(Suspect("eps-default", lambda x, g, eps=default: rmsnorm(x, g, eps)) for default in DEFAULTS),
    Suspect("eps-missing", lambda x, g, eps=EPS: (g * x / np.sqrt(mean_square(x)),)),
    *(Suspect("eps-outside-root", lambda x, g, eps=default: (g * x / outside_root(x, eps),)) for default in (EPS, *DEFAULTS)),
    Suspect("eps-as-floor", lambda x, g, eps=EPS: (g * x / np.sqrt(np.maximum(mean_square(x), eps)),)),
    Suspect("eps-as-floor", lambda x, g, eps=EPS: (g * x / np.maximum(np.sqrt(mean_square(x)), eps),)),
    # A unit vector times √d.
    Suspect("eps-as-floor", lambda x, g, eps=EPS: (g * x * x.shape[-1] ** 0.5 / np.maximum(np.sqrt(sum_of_squares(x)), eps),)),
    *(Suspect("eps-misplaced", written_rms(lambda x, e, by=by: x / by(mean_square(x), e, x.shape[-1]))) for by in MISPLACED),
    Suspect("eps-misplaced", written_rms(lambda x, e: right_rms(x, 0.0) + e)),
    Suspect("eps-misplaced", written_rms(lambda x, e: x / np.sqrt(mean_square(x + e)))),
    *(Suspect("eps-fixed", lambda x, g, eps=EPS, fixed=fixed: rmsnorm(x, g, fixed)) for fixed in FIXED),
    *(Suspect("eps-fixed", lambda x, g, eps=EPS, fixed=fixed: (g * x / outside_root(x, fixed),)) for fixed in FIXED),
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
