"""``build_rmsnorm``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_names import NORMS

from .parts import (
    BOTH,
    RMS,
    as_suspects,
    by_length,
    centred,
    common_formulas,
    invoke_builder,
    layernorm,
    mean,
    outputs_of,
    remembered,
    rows,
    scaled,
    spread,
    throughout,
    wrongs,
)

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


def rmsnorm(x, weight, bias, eps, **wrong):
    return layernorm(x, weight, np.zeros_like(weight), eps, centre=False, **wrong)


RMSNORM_FORMULAS = [
    *common_formulas(lambda x: x),
    ("divided-by-tokens", by_length(lambda x, n: 0.0)),
    ("not-divided", scaled(lambda x, eps: x)),
    *(
        ("spread-for-rms", scaled(lambda x, eps, how=how: x / spread(centred(x), eps, **how)))
        for how in ({}, {"ddof": 1}, {"outside": True}, {"ddof": 1, "outside": True})
    ),
    ("affine-before", lambda x, w, b, eps: rmsnorm(x * rows(w, x), np.ones_like(w), b, eps)),
    ("sum-for-mean", scaled(lambda x, eps: x / (np.sqrt((x**2).sum(-1, keepdims=True)) + eps))),
    ("root-before-mean", scaled(lambda x, eps: x / (np.sqrt((x**2).sum(-1, keepdims=True)) / x.shape[-1] + eps))),
    ("not-squared", scaled(lambda x, eps: x / np.sqrt(mean(x) ** 2 + eps))),
    ("root-before-mean", scaled(lambda x, eps: x / np.sqrt((x**2).sum(-1, keepdims=True) / x.shape[-1] ** 2 + eps))),
    ("root-before-mean", scaled(lambda x, eps: x / (np.sqrt((x**2).sum(-1, keepdims=True) + eps) / x.shape[-1]))),
]

BUILD_RMSNORM = Exercise(
    name="build_rmsnorm",
    functions=("build_rmsnorm",),
    outputs=(Output("the output", "tensor"),),
    invoke=invoke_builder("build_rmsnorm", False),
    reference=outputs_of(rmsnorm),
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
    suspects=as_suspects(
        rmsnorm,
        [
            ("mean-subtracted", lambda x, w, b, eps: layernorm(x, w, b, eps)),
            *wrongs(rmsnorm, False),
        ],
    )
    + throughout(RMSNORM_FORMULAS)
    + (Suspect("remembered-statistics", remembered(False)),),
    misconceptions=BOTH | RMSNORM_ONLY,
    forbidden_names=NORMS,
)  # fmt: skip
