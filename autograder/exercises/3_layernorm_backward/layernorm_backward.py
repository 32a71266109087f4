"""``layernorm_backward``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_parts import (
    by_array,
    by_feature,
    centred_by,
    dbeta_of,
    dgamma_of,
    divided_by_gamma,
    mean,
    not_centred,
    nothing,
    over_tokens,
    with_ddof,
)
from autograder.exercises.wrong_parts import alone, together

from .parts import (
    AVERAGES,
    BACKWARD,
    DGAMMA_PARTS,
    DX_PARTS,
    LAYER,
    RARE_PARTS,
    SUM,
    SUMS,
    Pass,
    along,
    backward_by,
    exact,
    in_order,
    invoke_backward,
    mean_of_g,
    rare_statistics_parts,
    rms_by,
    statistics_parts,
)

LAYERNORM_ONLY = (
    in_section(
        "why-not-constants",
        {
            "statistics-constant": "This is dy ⊙ γ/σ: mean and standard deviation were taken for constants. Both move with x, "
            "and each adds a term.",
        },
    )
    | in_section(
        "two-components",
        {
            "no-mean-term": "One of the two corrections is missing: the mean of g is not subtracted. A shift of all features "
            "does not change the output, so the entries of dx add up to zero.",
            "no-variance-term": "One of the two corrections is missing: the component along x̂, x̂ · mean(g ⊙ x̂), is not "
            "subtracted. Stretching a token does not change its output, so dx is perpendicular to x̂. (mean(g) · mean(x̂) is no "
            "mean of a product: it is 0.)",
            "sigma-missing": "The final division by σ is missing: an input with twice the spread has half the gradient.",
        },
    )
    | in_section(
        "gradient-of-gamma-beta",
        {
            "dbeta-forgotten": "dβ is zero. β is added to every token's output, so its gradient is the sum of dy over the "
            "tokens.",
            "dbeta-uses-xhat": "dβ was formed with x̂. β is added and multiplies nothing: dβ = Σ dy.",
            "outputs-swapped": "The results stand in the wrong order. The forward pass returns (y, cache), the backward pass "
            "(dx, dγ, dβ).",
            "dgamma-dbeta-swapped": "dγ and dβ are exchanged: return (dx, dγ, dβ).",
            "wrong-axis": "The statistics run over the tokens, feature by feature, as batch norm's do. Each token is normalised "
            "by its own features: reduce over the last axis alone.",
            "whole-array": "One statistic was taken for the whole array. Every token needs its own: give `axis=-1` and "
            "`keepdims=True`.",
        },
    )
    | in_section(
        "rmsnorm-gradient",
        {
            "rms-for-layernorm": "This is RMSNorm's gradient. LayerNorm subtracts the mean, in the forward pass and so in the "
            "backward.",
        },
    )
    | in_section(
        "gradient-by-graph",
        {
            "ddof-1": "A division by d − 1 stands where d belongs. LayerNorm's variance divides by d (`ddof=0`), and so do the "
            "means in its gradient.",
        },
    )
    | in_section(
        "what-to-cache",
        {
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)² subtracts two huge, nearly equal "
            "numbers, in float32 down to multiples of 8 at 1e4. Subtract the mean first, then square.",
        },
    )
    | in_section(
        "backward-epsilon",
        {
            "nan-on-constant": "A token whose features are all equal has x̂ = 0, and so has every token at d = 1. Something is "
            "divided by it or by its spread, and 0/0 is NaN. Divide by the root of variance + ε alone, and cache that.",
        },
    )
)


def layernorm(statistics=centred_by, first=mean_of_g, **parts):
    """Return LayerNorm's backward, or one in which some parts are others."""
    return backward_by(statistics, first, **parts)


def layernorm_in_y(x, gamma, beta, eps, dy) -> tuple:
    """With y for x̂ throughout."""

    def y_for_xhat(x, eps):
        xhat, s = centred_by(x, eps)
        return gamma * xhat + beta, s

    return layernorm(y_for_xhat)(x, gamma, beta, eps, dy)


def smaller_sample(p: Pass) -> np.ndarray:
    """The second correction derived from a variance that divides by d − 1."""
    return p.xhat * (p.g * p.xhat).sum(**SUM) / (p.x.shape[-1] - 1)


# Only LayerNorm has a first correction, deviations and a β.
LAYERNORM_DX_PARTS = (
    *DX_PARTS,
    ("statistics-constant", {"first": nothing, "second": nothing}),
    ("no-mean-term", {"first": nothing}),
    ("no-variance-term", {"second": nothing}),
    ("dx-is-g", {"first": nothing, "second": nothing, "joined": lambda p, a, b, c: a}),
    ("correction-sign", {"first": lambda p: -mean(p.g)}),
    ("missing-parentheses", {"joined": lambda p, a, b, c: a / p.s - b - c}),
    ("correction-sign", {"joined": lambda p, a, b, c: (a + b + c) / p.s}),
    *((name, {"first": lambda p, average=average: average(p.g)}) for name, average in AVERAGES),
    *(
        (name, {"first": lambda p, average=average: average(p.g), "second": lambda p, average=average: p.xhat * average(p.g * p.xhat)})
        for name, average in AVERAGES
    ),
    ("dy-for-g", {"first": lambda p: mean(p.dy)}),
    ("dy-for-g", {"first": lambda p: mean(p.dy), "second": lambda p: p.xhat * mean(p.dy * p.xhat)}),
    ("dx-uses-x", {"second": lambda p: p.xhat * p.s * mean(p.g * p.xhat * p.s)}),
    ("dx-uses-x", {"second": lambda p: p.xhat * p.s * along(p)}),
    ("ddof-1", {"second": smaller_sample}),
)

LAYERNORM_STATISTICS_PARTS = (
    *statistics_parts(centred_by),
    ("xhat-wrong", {"statistics": not_centred}),
    ("ddof-1", {"statistics": with_ddof}),
    ("rms-for-layernorm", {"statistics": rms_by, "first": nothing}),
    ("wrong-axis", {"statistics": by_feature}),
    ("whole-array", {"statistics": by_array}),
)

LAYERNORM_PARAMETER_PARTS = (
    *DGAMMA_PARTS,
    ("dgamma-uses-x", {"dgamma": lambda p: over_tokens(p.dy * (p.x - mean(p.x)))}),
    ("dbeta-uses-xhat", {"dbeta": dgamma_of}),
    *(
        (name, {"dgamma": lambda p, summed=summed: summed(p.dy * p.xhat), "dbeta": lambda p, summed=summed: summed(p.dy)})
        for name, summed in SUMS
    ),
    ("dgamma-uses-g", {"dgamma": lambda p: over_tokens(p.g * p.xhat), "dbeta": lambda p: over_tokens(p.g)}),
)

# What is combined with nothing: it is rare, or wrong in dβ alone, which is told by that result.
LAYERNORM_RARE_PARTS = (
    *RARE_PARTS,
    *rare_statistics_parts(centred_by),
    ("divided-by-batch", {"first": lambda p: mean(p.g) / len(p.x), "second": lambda p: p.xhat * along(p) / len(p.x)}),
    ("wrong-axis", {"statistics": by_feature, "first": lambda p: mean(p.g, 0), "second": lambda p: p.xhat * mean(p.g * p.xhat, 0)}),
    ("whole-array", {"statistics": by_array, "first": lambda p: p.g.mean(), "second": lambda p: p.xhat * (p.g * p.xhat).mean()}),
    ("dgamma-dbeta-swapped", {"dgamma": dbeta_of, "dbeta": dgamma_of}),
    *((name, {"dbeta": lambda p, summed=summed: summed(p.dy)}) for name, summed in SUMS),
    ("dgamma-uses-g", {"dbeta": lambda p: over_tokens(p.g)}),
    ("dbeta-forgotten", {"dbeta": lambda p: np.zeros(p.x.shape[-1])}),
)

OTHER_ORDERS = ((1, 2, 0), (2, 1, 0), (1, 0, 2))

LAYERNORM_BACKWARD = Exercise(
    name="layernorm_backward",
    functions=("layernorm_forward", "layernorm_backward"),
    outputs=(Output("dx"), Output("dgamma"), Output("dbeta")),
    invoke=invoke_backward(LAYER, "(dx, dgamma, dbeta)", 3),
    reference=exact(layernorm()),
    section="two-components",
    checks=(
        Check("dx", "The gradient of x", 3, "two-components", LAYER.dx, "measured-gradient"),
        Check("parameters", "The gradients of γ and β", 2, "gradient-of-gamma-beta", LAYER.parameters),
        Check("axes", "Any number of axes before the last, and none", 1, "gradient-of-gamma-beta", LAYER.axes, "only-2d"),
        Check("sizes", "Any number of features", 1, "gradient-by-jacobian", LAYER.sizes, "power-of-two-only"),
        Check("epsilon", "ε of the forward pass counts in the backward", 2, "backward-epsilon", LAYER.epsilon),
        Check("corners", "One feature, constant tokens and quiet ones, and a γ of 0", 1, "backward-epsilon", LAYER.corners, "nan-on-constant"),
        Check("offset", "float32 tokens at a large offset", 1, "what-to-cache", LAYER.offset, "one-pass-variance"),
        Check("half", "float16 tokens of several hundred do not overflow", 1, "what-to-cache", LAYER.half, "half-precision-statistics"),
        Check("dtype", "The results have the input's dtype", 1, "what-to-cache", LAYER.dtype),
        Check("twice", "A second backward with the same cache", 1, "what-to-cache", LAYER.twice, "cache-mutated"),
        Check("interleaved", "Two forward passes before the backward ones", 1, "what-to-cache", LAYER.interleaved, "global-state"),
        Check("layout", "Arrays that are not contiguous in memory", 1, "what-to-cache", LAYER.layout, "memory-order"),
        Check("untouched", "x, γ, β and dy are left as they were", 1, "what-to-cache", LAYER.untouched),
    ),
    suspects=(
        *alone(
            layernorm,
            LAYERNORM_DX_PARTS + LAYERNORM_STATISTICS_PARTS + LAYERNORM_PARAMETER_PARTS + LAYERNORM_RARE_PARTS,
            throughout=True,
        ),
        Suspect("sign-reversed", lambda *args: tuple(-value for value in layernorm()(*args)), throughout=True),
        Suspect("y-for-xhat", layernorm_in_y, throughout=True),
        *(Suspect("divided-by-gamma", divided_by_gamma(layernorm(), dx_too), throughout=True) for dx_too in (True, False)),
        *(Suspect("outputs-swapped", in_order(layernorm(), *places), throughout=True) for places in OTHER_ORDERS),
        # One mistake in dx and one in dγ or dβ need no suspect of their own: each explains a result.
        *together(layernorm, LAYERNORM_DX_PARTS + LAYERNORM_STATISTICS_PARTS),
        *together(layernorm, LAYERNORM_STATISTICS_PARTS + LAYERNORM_PARAMETER_PARTS),
    ),
    misconceptions=BACKWARD | LAYERNORM_ONLY,
)
