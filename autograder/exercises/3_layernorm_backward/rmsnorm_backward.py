"""``rmsnorm_backward``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_parts import centred_by, divided_by_gamma, mean, nothing
from autograder.exercises.wrong_parts import alone, together

from .parts import (
    BACKWARD,
    DGAMMA_PARTS,
    DX_PARTS,
    RARE_PARTS,
    RMS,
    SUM,
    backward_by,
    exact,
    in_order,
    invoke_backward,
    mean_of_g,
    rare_statistics_parts,
    rms_by,
    statistics_parts,
)

RMSNORM_ONLY = (
    in_section(
        "rmsnorm-gradient",
        {
            "ddof-1": "A division by d − 1 stands where d belongs. The mean square divides by d: no mean was subtracted, and a "
            "token's features are all there is, not a sample.",
            "layernorm-for-rms": "This is LayerNorm's formula. RMSNorm does not centre, so the mean of g is not subtracted and x "
            "is not centred: only the component along x̂ goes.",
            "statistics-constant": "This is dy ⊙ γ/r: the root mean square was taken for a constant. It moves with x, and adds a "
            "term.",
            "sigma-missing": "The final division by the root mean square is missing: an input twice as large has half the "
            "gradient.",
        },
    )
    | in_section(
        "gradient-of-gamma-beta",
        {
            "outputs-swapped": "The results stand in the wrong order. The forward pass returns (y, cache), the backward pass "
            "(dx, dγ).",
        },
    )
    | in_section(
        "backward-epsilon",
        {
            "nan-on-constant": "A token of zeros has x̂ = 0. Something is divided by it, and 0/0 is NaN. Divide by the root of "
            "mean square + ε alone, and cache that.",
        },
    )
)


def rmsnorm(statistics=rms_by, first=nothing, **parts):
    """Return RMSNorm's backward, or one in which some parts are others."""
    backward = backward_by(statistics, first, **parts)
    return lambda *args: backward(*args)[:2]


def rms_of_a_sample(x, eps):
    s = np.sqrt((x**2).sum(**SUM) / np.float64(x.shape[-1] - 1) + eps)
    return x / s, s


def rmsnorm_in_y(x, gamma, eps, dy) -> tuple:
    def y_for_xhat(x, eps):
        xhat, s = rms_by(x, eps)
        return gamma * xhat, s

    return rmsnorm(y_for_xhat)(x, gamma, eps, dy)


RMSNORM_DX_PARTS = (
    *DX_PARTS,
    ("statistics-constant", {"second": nothing}),
    ("dx-is-g", {"second": nothing, "joined": lambda p, a, b, c: a}),
    ("layernorm-for-rms", {"first": mean_of_g}),
    ("layernorm-for-rms", {"first": mean_of_g, "second": nothing}),
    ("product-split", {"second": lambda p: p.xhat * mean(p.g) * mean(p.xhat)}),
)

RMSNORM_STATISTICS_PARTS = (
    *statistics_parts(rms_by),
    ("ddof-1", {"statistics": rms_of_a_sample}),
    ("layernorm-for-rms", {"statistics": centred_by}),
    ("layernorm-for-rms", {"statistics": centred_by, "first": mean_of_g}),
)

RMSNORM_BACKWARD = Exercise(
    name="rmsnorm_backward",
    functions=("rmsnorm_forward", "rmsnorm_backward"),
    outputs=(Output("dx"), Output("dgamma")),
    invoke=invoke_backward(RMS, "(dx, dgamma)", 2),
    reference=exact(rmsnorm()),
    section="rmsnorm-gradient",
    checks=(
        Check("dx", "The gradient of x", 2, "rmsnorm-gradient", RMS.dx, "measured-gradient"),
        Check("parameters", "The gradient of γ", 1, "rmsnorm-gradient", RMS.parameters),
        Check("axes", "Any number of axes before the last, and none", 1, "rmsnorm-gradient", RMS.axes, "only-2d"),
        Check("sizes", "Any number of features", 1, "rmsnorm-gradient", RMS.sizes, "power-of-two-only"),
        Check("epsilon", "ε of the forward pass counts in the backward", 1, "backward-epsilon", RMS.epsilon),
        Check("corners", "One feature, tokens of zeros and quiet ones, and a γ of 0", 1, "backward-epsilon", RMS.corners, "nan-on-constant"),
        Check("dtype", "The results have the input's dtype", 1, "what-to-cache", RMS.dtype),
        Check("twice", "A second backward with the same cache", 1, "what-to-cache", RMS.twice, "cache-mutated"),
        Check("interleaved", "Two forward passes before the backward ones", 1, "what-to-cache", RMS.interleaved, "global-state"),
        Check("layout", "Arrays that are not contiguous in memory", 1, "what-to-cache", RMS.layout, "memory-order"),
        Check("untouched", "x, γ and dy are left as they were", 1, "what-to-cache", RMS.untouched),
    ),
    suspects=(
        *alone(rmsnorm, RMSNORM_DX_PARTS + RMSNORM_STATISTICS_PARTS + DGAMMA_PARTS, throughout=True),
        *alone(rmsnorm, RARE_PARTS + rare_statistics_parts(rms_by), throughout=True),
        Suspect("sign-reversed", lambda *args: tuple(-value for value in rmsnorm()(*args)), throughout=True),
        Suspect("y-for-xhat", rmsnorm_in_y, throughout=True),
        *(Suspect("divided-by-gamma", divided_by_gamma(rmsnorm(), dx_too), throughout=True) for dx_too in (True, False)),
        Suspect("outputs-swapped", in_order(rmsnorm(), 1, 0), throughout=True),
        *together(rmsnorm, RMSNORM_DX_PARTS + RMSNORM_STATISTICS_PARTS),
        *together(rmsnorm, RMSNORM_STATISTICS_PARTS + DGAMMA_PARTS),
    ),
    misconceptions={n: m for n, m in BACKWARD.items() if n != "half-precision-statistics"} | RMSNORM_ONLY,
)
