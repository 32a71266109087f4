"""``build_layernorm``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_names import NORMS

from .parts import (
    BOTH,
    LAYER,
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
    squares_of,
    throughout,
    wrongs,
)

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


def affine_first(x, weight, bias, eps):
    return layernorm(x * rows(weight, x) + rows(bias, x), np.ones_like(weight), np.zeros_like(bias), eps)


LAYERNORM_FORMULAS = [
    *common_formulas(centred),
    ("keepdims-missing", scaled(lambda x, eps: (x - x.mean(-1)) / np.sqrt(squares_of(x - x.mean(-1)) + eps))),
    ("keepdims-missing", scaled(lambda x, eps: (x - x.mean(-1)) / np.sqrt(x.var(-1) + eps))),
    ("not-centred", scaled(lambda x, eps: x / np.sqrt(squares_of(centred(x)) + eps))),
    ("not-centred", scaled(lambda x, eps: centred(x) / np.sqrt(squares_of(x) + eps))),
    ("only-centred", scaled(lambda x, eps: centred(x))),
    ("missing-parentheses", scaled(lambda x, eps: x - mean(x) / np.sqrt(squares_of(centred(x)) + eps))),
    ("missing-parentheses", lambda x, w, b, eps: x - mean(x) / np.sqrt(squares_of(centred(x)) + eps) * rows(w, x) + rows(b, x)),
    ("sum-subtracted", scaled(lambda x, eps: (x - x.sum(-1, keepdims=True)) / np.sqrt(squares_of(centred(x)) + eps))),
    (
        "sum-subtracted",
        scaled(lambda x, eps: (x - x.sum(-1, keepdims=True)) / np.sqrt(squares_of(x - x.sum(-1, keepdims=True)) + eps)),
    ),
    ("sign-reversed", scaled(lambda x, eps: -centred(x) / np.sqrt(squares_of(centred(x)) + eps))),
    ("root-twice", scaled(lambda x, eps: centred(x) / np.sqrt(np.sqrt(squares_of(centred(x))) + eps))),
    ("beta-scaled", lambda x, w, b, eps: rows(w, x) * (layernorm(x, np.ones_like(w), np.zeros_like(b), eps) + rows(b, x))),
    ("gamma-beta-swapped", lambda x, w, b, eps: layernorm(x, b, w, eps)),
    # One statistic of two over other axes; the variance is that of what was subtracted, or its own.
    *(
        ("wrong-axis", scaled(lambda x, eps, a=a: (x - mean(x, a)) / np.sqrt(squares_of(x - mean(x, a)) + eps)))
        for a in (-2, 0)
    ),
    *(("wrong-axis", scaled(lambda x, eps, a=a: (x - mean(x, a)) / np.sqrt(squares_of(centred(x)) + eps))) for a in (-2, 0)),
    *(("wrong-axis", scaled(lambda x, eps, a=a: centred(x) / np.sqrt(squares_of(centred(x), a) + eps))) for a in (-2, 0)),
    ("divided-by-tokens", by_length(lambda x, n: x.sum(-1, keepdims=True) / n)),
    ("divided-by-tokens", by_length(lambda x, n: mean(x))),
    ("whole-array", scaled(lambda x, eps: (x - x.mean()) / np.sqrt(squares_of(x - x.mean()) + eps))),
    ("whole-array", scaled(lambda x, eps: (x - x.mean()) / np.sqrt(squares_of(centred(x)) + eps))),
    ("whole-array", scaled(lambda x, eps: centred(x) / np.sqrt((centred(x) ** 2).mean() + eps))),
]

BUILD_LAYERNORM = Exercise(
    name="build_layernorm",
    functions=("build_layernorm",),
    outputs=(Output("the output", "tensor"),),
    invoke=invoke_builder("build_layernorm", True),
    reference=outputs_of(layernorm),
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
    suspects=as_suspects(
        layernorm,
        [
            ("rms-for-layernorm", lambda x, w, b, eps: layernorm(x, w, b, eps, centre=False)),
            ("affine-before", affine_first),
            *wrongs(layernorm, True),
        ],
    )
    + throughout(LAYERNORM_FORMULAS)
    + (Suspect("remembered-statistics", remembered(True)),),
    misconceptions=BOTH | LAYERNORM_ONLY,
    forbidden_names=NORMS,
)
