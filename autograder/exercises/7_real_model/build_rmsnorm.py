"""``build_rmsnorm``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Check, Exercise, Output
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_names import NORMS
from autograder.exercises.norm_parts import deviation, mean, nothing, total, variance

from .parts import BOTH, RMS, invoke_builder, norm_suspects, norms_by

RMSNORM_ONLY = (
    in_section(
        "what-breaks-what",
        {
            "mean-subtracted": "The mean is subtracted: this is LayerNorm's step. RMSNorm does not centre.",
            "spread-for-rms": "It is divided by the standard deviation, which is measured from the mean. RMSNorm measures from "
            "zero: the root of the mean of the squares.",
        },
    )
    | in_section(
        "build-layernorm",
        {
            "not-divided": "The features were not divided: x̂ is x over its root mean square.",
            "root-before-mean": "The root was taken of a sum of squares, and d divided only then. Divide by d under the root; a "
            "norm (`z.norm`) is divided by √d.",
        },
    )
)


def rmsnorm_by(centre=nothing, **parts):
    """RMSNorm, or one in which some parts are others."""
    return norms_by(centre=centre, **parts)


PARTS = (
    ("mean-subtracted", {"centre": mean}),
    ("affine-before", {"read": lambda x, weight, bias: x * weight, "affine": lambda h, w, b, x: h}),
)
FORMULAS = (
    ("not-divided", {"quotient": lambda x, mu, s: x}),
    ("spread-for-rms", {"spread": lambda x, dev: variance(x)}),
    ("spread-for-rms", {"spread": lambda x, dev: total(deviation(x) ** 2) / (x.shape[-1] - 1)}),
    ("not-squared", {"spread": lambda x, dev: mean(x) ** 2}),
    ("root-before-mean", {"spread": lambda x, dev: total(x**2) / x.shape[-1] ** 2}),
    ("root-before-mean", {"spread": lambda x, dev: total(x**2), "root": lambda v, e, d: np.sqrt(v + e) / d}),
)

BUILD_RMSNORM = Exercise(
    name="build_rmsnorm",
    functions=("build_rmsnorm",),
    outputs=(Output("the output", "tensor"),),
    invoke=invoke_builder("build_rmsnorm", False),
    reference=rmsnorm_by(),
    section="build-layernorm",
    checks=(
        Check("values", "Tokens of a usual width", 1, "build-layernorm", RMS.values),
        Check("epsilon", "ε is the model's, inside the root", 1, "unnoticed-mistakes", RMS.epsilon),
        Check("few", "Few features", 1, "unnoticed-mistakes", RMS.few),
        Check("shapes", "Any number of axes before the features; x is left as it was", 1, "build-layernorm",
              lambda rng: RMS.shapes(rng) + RMS.corners(rng)[1:], "only-3d"),
        Check("half", "float16 and bfloat16 tokens, one massive feature", 1, "real-model-inside", RMS.half, "half-precision-statistics"),
        Check("places", "All norms of SmolLM2, built together", 1, "replacing-norms", RMS.places),
    ),
    suspects=norm_suspects(rmsnorm_by, nothing, PARTS, FORMULAS),
    misconceptions=BOTH | RMSNORM_ONLY,
    forbidden_names=NORMS,
)  # fmt: skip
