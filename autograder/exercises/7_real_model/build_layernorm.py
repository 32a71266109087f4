"""``build_layernorm``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Check, Exercise, Output
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_names import NORMS
from autograder.exercises.norm_parts import mean, mean_square, nothing, subtracted, total

from .parts import AVERAGES, BOTH, LAYER, invoke_builder, norm_suspects, norms_by

LAYERNORM_ONLY = (
    in_section(
        "build-layernorm",
        {
            "missing-parentheses": "Python multiplies and divides before it subtracts, so here only the mean was divided by the "
            "root. Put the subtraction in parentheses: (x − mean).",
            "not-centred": "The mean is subtracted in one place and missing in another: above the fraction stands x − mean, and "
            "under the root the mean of the squares of that same difference.",
            "only-centred": "The features were centred but not divided: divide by the root of variance + ε.",
            "sum-subtracted": "The sum of the features is subtracted. Divide it by d first.",
            "sign-reversed": "All signs before weight and bias are exchanged: the features were subtracted from the mean. It is "
            "x − mean.",
            "root-twice": "A root was taken of the standard deviation, which is a root already. ε is added to the variance, and "
            "one root is taken of both.",
            "beta-scaled": "The bias was added before the weight multiplied, and so was multiplied as well. It comes last.",
            "gamma-beta-swapped": "Weight and bias are exchanged: the weight multiplies, the bias is added. The builder gets "
            "them in that order.",
        },
    )
    | in_section(
        "what-breaks-what",
        {
            "bias-subtracted": "The bias was subtracted. It is added.",
            "bias-ignored": "The bias has no effect.",
            "rms-for-layernorm": "The mean is not subtracted: this is RMSNorm. MiniLM's norms are LayerNorms.",
        },
    )
    | in_section(
        "unnoticed-mistakes",
        {
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)². Subtract the mean first, then "
            "square.",
            "nan-on-constant": "A constant token gives NaN. Divide by the root of variance + ε.",
        },
    )
)


PARTS = (
    ("rms-for-layernorm", {"centre": nothing}),
    ("bias-subtracted", {"shift": np.negative}),
    ("bias-ignored", {"shift": np.zeros_like}),
    ("affine-before", {"read": lambda x, weight, bias: x * weight + bias, "affine": lambda h, w, b, x: h}),
)
FORMULAS = (
    *(part for name, average in AVERAGES for part in subtracted(name, average)),
    *subtracted("sum-subtracted", total)[::2],
    ("keepdims-missing", {"centre": lambda x: x.mean(-1), "spread": lambda x, dev: x.var(-1)}),
    ("whole-array", {"spread": lambda x, dev: x.var()}),
    ("whole-array", {"centre": np.mean, "spread": lambda x, dev: x.var(ddof=1)}),  # PyTorch's defaults
    ("not-centred", {"quotient": lambda x, mu, s: x / s}),
    ("not-centred", {"spread": lambda x, dev: mean_square(x)}),
    ("only-centred", {"quotient": lambda x, mu, s: x - mu}),
    ("missing-parentheses", {"quotient": lambda x, mu, s: x - mu / s}),
    ("missing-parentheses", {"quotient": lambda x, mu, s: mu / s, "affine": lambda h, w, b, x: x - h * w + b}),
    ("sign-reversed", {"quotient": lambda x, mu, s: (mu - x) / s}),
    ("root-twice", {"root": lambda v, e, d: np.sqrt(np.sqrt(v) + e)}),
    ("beta-scaled", {"affine": lambda h, w, b, x: (h + b) * w}),
    ("gamma-beta-swapped", {"affine": lambda h, w, b, x: h * b + w}),
)

BUILD_LAYERNORM = Exercise(
    name="build_layernorm",
    functions=("build_layernorm",),
    outputs=(Output("the output", "tensor"),),
    invoke=invoke_builder("build_layernorm", True),
    reference=norms_by(),
    section="build-layernorm",
    checks=(
        Check("values", "Tokens of a usual width", 2, "build-layernorm", LAYER.values),
        Check("epsilon", "ε is the model's, inside the root", 1, "unnoticed-mistakes", LAYER.epsilon),
        Check("few", "Few features", 1, "unnoticed-mistakes", LAYER.few),
        Check("shapes", "Any number of axes before the features", 1, "build-layernorm", LAYER.shapes, "only-3d"),
        Check("far", "Tokens far from zero keep their variance", 1, "unnoticed-mistakes", LAYER.far, "one-pass-variance"),
        Check("half", "float16 and bfloat16 tokens", 1, "real-model-inside", LAYER.half, "half-precision-statistics"),
        Check("corners", "Constant tokens; x is left as it was", 1, "unnoticed-mistakes", LAYER.corners, "nan-on-constant"),
        Check("places", "All norms of MiniLM, built together", 2, "replacing-norms", LAYER.places),
    ),
    suspects=norm_suspects(norms_by, mean, PARTS, FORMULAS),
    misconceptions=BOTH | LAYERNORM_ONLY,
    forbidden_names=NORMS,
)
