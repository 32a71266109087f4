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
    layernorm_dx,
    mean,
    not_centred,
    over_tokens,
    smaller_sample,
    with_ddof,
)

from .parts import BACKWARD, LAYER, SUM, Pass, common_parts, exact, in_order, invoke_backward, rms_by, rmsnorm_dx

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


def layernorm(dx=layernorm_dx, dgamma=dgamma_of, dbeta=dbeta_of, statistics=centred_by):
    """Return LayerNorm's backward, or one in which some parts are others."""

    def backward(x, gamma, beta, eps, dy) -> tuple:
        p = Pass(x, gamma, dy, dy * gamma, *statistics(x, eps))
        return dx(p), dgamma(p), dbeta(p)

    return backward


def layernorm_in_y(x, gamma, beta, eps, dy) -> tuple:
    """With y for x̂ throughout."""
    xhat, s = centred_by(x, eps)
    p = Pass(x, gamma, dy, dy * gamma, gamma * xhat + beta, s)
    return layernorm_dx(p), dgamma_of(p), dbeta_of(p)


def other_first(term):
    """LayerNorm's dx with another correction of the mean."""
    return lambda p: (p.g - term(p) - p.xhat * mean(p.g * p.xhat)) / p.s


LAYERNORM_PARTS = [
    ("statistics-constant", {"dx": lambda p: p.g / p.s}),
    ("no-mean-term", {"dx": lambda p: (p.g - p.xhat * mean(p.g * p.xhat)) / p.s}),
    ("no-variance-term", {"dx": lambda p: (p.g - mean(p.g)) / p.s}),
    *common_parts(layernorm_dx, centred_by),
    # Only LayerNorm has a first correction, deviations and a β.
    ("correction-sign", {"dx": lambda p: (p.g + mean(p.g) + p.xhat * mean(p.g * p.xhat)) / p.s}),
    ("correction-sign", {"dx": lambda p: layernorm_dx(p) + 2 * mean(p.g) / p.s}),
    ("missing-parentheses", {"dx": lambda p: p.g / p.s - mean(p.g) - p.xhat * mean(p.g * p.xhat)}),
    ("sum-for-mean", {"dx": other_first(lambda p: p.g.sum(**SUM))}),
    ("dx-wrong-axis", {"dx": other_first(lambda p: mean(p.g, 0))}),
    ("dx-wrong-axis", {"dx": other_first(lambda p: p.g.mean())}),
    ("keepdims-missing", {"dx": other_first(lambda p: p.g.mean(-1))}),
    ("dy-for-g", {"dx": other_first(lambda p: mean(p.dy))}),
    ("dx-uses-x", {"dx": lambda p: (p.g - mean(p.g) - p.xhat * p.s**2 * mean(p.g * p.xhat)) / p.s}),
    ("dx-uses-x", {"dx": lambda p: (p.g - mean(p.g) - p.xhat * p.s * mean(p.g * p.xhat)) / p.s}),
    ("divided-by-d-twice", {"dx": other_first(lambda p: mean(p.g) / p.x.shape[-1])}),
    ("xhat-wrong", {"statistics": not_centred}),
    ("dbeta-uses-xhat", {"dbeta": dgamma_of}),
    ("divided-by-batch", {"dbeta": lambda p: dbeta_of(p) / (p.x.size // p.x.shape[-1])}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy.sum(0)}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy.sum(-1)}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy.sum()}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy}),
    ("dgamma-uses-x", {"dgamma": lambda p: over_tokens(p.dy * (p.x - mean(p.x)))}),
    ("dgamma-uses-g", {"dgamma": lambda p: over_tokens(p.g * p.xhat)}),
    ("dgamma-uses-g", {"dbeta": lambda p: over_tokens(p.g)}),
    ("dbeta-forgotten", {"dbeta": lambda p: np.zeros(p.x.shape[-1])}),
    ("dgamma-dbeta-swapped", {"dgamma": dbeta_of, "dbeta": dgamma_of}),
    ("ddof-1", {"statistics": with_ddof}),
    ("ddof-1", {"statistics": with_ddof, "dx": smaller_sample}),
    ("ddof-1", {"dx": smaller_sample}),
    ("rms-for-layernorm", {"statistics": rms_by, "dx": rmsnorm_dx}),
    ("wrong-axis", {"statistics": by_feature, "dx": lambda p: (p.g - mean(p.g, 0) - p.xhat * mean(p.g * p.xhat, 0)) / p.s}),
    ("wrong-axis", {"statistics": by_feature}),
    ("whole-array", {"statistics": by_array}),
    ("whole-array", {"statistics": by_array, "dx": lambda p: (p.g - p.g.mean() - p.xhat * (p.g * p.xhat).mean()) / p.s}),
]

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
    suspects=tuple(Suspect(name, layernorm(**parts), throughout=True) for name, parts in LAYERNORM_PARTS)
    + (Suspect("y-for-xhat", layernorm_in_y, throughout=True),)
    + tuple(Suspect("divided-by-gamma", divided_by_gamma(layernorm(), dx_too), throughout=True) for dx_too in (True, False))
    + tuple(Suspect("outputs-swapped", in_order(layernorm(), *places), throughout=True) for places in OTHER_ORDERS),
    misconceptions=BACKWARD | LAYERNORM_ONLY,
)
