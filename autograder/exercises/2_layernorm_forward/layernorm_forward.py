"""``layernorm_forward``: cases, checks and misconceptions."""

import functools

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_parts import (
    deviation,
    mean,
    mean_square,
    norm_by,
    nothing,
    own,
    subtracted,
    tokens,
    total,
    variance,
)
from autograder.exercises.wrong_parts import alone, together

from .parts import (
    AVERAGES,
    BOTH,
    COMMON_PARTS,
    DEFAULTS,
    EPS,
    EPSILON_PARTS,
    LEAST_SPREAD,
    axes_cases,
    case,
    column,
    dtype_cases,
    epsilon_cases,
    erased,
    half_cases,
    invoke,
    layernorm,
    layout_cases,
    outside_root,
    padded,
    repeat_cases,
    size_cases,
    sum_of_squares,
    token_case,
    untouched_cases,
    value_cases,
)

# misconceptions ---------------------------------------------------------------------------------

LAYERNORM_ONLY = (
    in_section(
        "layernorm-equation",
        {
            "missing-parentheses": "Python multiplies and divides before it subtracts, so here only the mean was divided by the "
            "root. Put the subtraction in parentheses: (x − mean).",
            "ddof-1": "This is what dividing by d − 1 gives. A token's features are all there is, not a sample: the variance "
            "divides by d (`ddof=0`).",
            "not-centred": "The mean is subtracted in one place and missing in another. The numerator is x − mean, and the "
            "variance is the mean of the squares of that same difference.",
            "only-centred": "The features were centred but not divided: divide x − mean by the root of variance + ε.",
            "multiplied": "The deviations are multiplied by the root of variance + ε, or divided by its reciprocal. They are "
            "divided by the root, so that the spread becomes 1.",
            "sign-reversed": "The signs of x̂ are exchanged: the features were subtracted from the mean. A feature above the "
            "mean has a positive x̂: x − mean.",
            "sum-subtracted": "The sum of the features was subtracted where their mean belongs: divide it by d first.",
            "root-twice": "A root was taken of the standard deviation, which is a root already. ε is added to the variance "
            "(`np.var`), and one root is taken of both.",
            "absolute-deviation": "The deviations are divided by the mean of their absolute values. The standard deviation "
            "squares them before it averages, and takes the root after.",
            "not-squared": "The deviations were averaged without being squared. Those above the mean cancel those below, and "
            "little but ε is left under the root. Square each deviation first, then average.",
            "not-averaged": "Every deviation was divided by the root of its own square, so only its sign is left. Average the "
            "squares over the features: one variance a token.",
            "no-root": "The deviations are divided by the variance: the square root is missing.",
            "sum-for-mean": "The squared deviations are added but not averaged: divide their sum by d before you take the root.",
        },
    )
    | in_section(
        "gamma-beta",
        {
            "affine-wrong": "γ or β is used in another way than it should be: γ added, divided by, or used as 1 + γ, or β "
            "subtracted; or `@` stands where `*` belongs, and adds up over the features. γ multiplies x̂, and β is added: y = γ "
            "⊙ x̂ + β.",
            "beta-scaled": "β was added before γ multiplied, and so was multiplied as well: y = γ ⊙ x̂ + β.",
            "gamma-beta-swapped": "γ and β are exchanged: γ multiplies x̂, and β is added.",
            "affine-ignored": "γ or β does not appear in the result. After normalising, each feature is multiplied by its γ and "
            "shifted by its β.",
        },
    )
    | in_section(
        "rmsnorm",
        {
            "rms-for-layernorm": "The mean is not subtracted: this is RMSNorm, which measures the distance from zero. LayerNorm "
            "centres first.",
        },
    )
    | in_section(
        "layernorm-forward-traps",
        {
            "residual-added": "The token itself was added to the result. That is the residual path, which runs past the norm and "
            "belongs to the block around it: y = γ ⊙ x̂ + β.",
        },
    )
    | in_section(
        "forward-numerics",
        {
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)² subtracts two huge, nearly equal "
            "numbers, in float32 down to multiples of 8 at 1e4. Subtract the mean first, then square.",
        },
    )
    | in_section(
        "epsilon",
        {
            "nan-on-constant": "A token whose features are all equal has no spread, and so has every token at d = 1. Dividing by "
            "its standard deviation is 0/0. Divide once, by the root of variance + ε; the output is then β.",
        },
    )
)


# cases ------------------------------------------------------------------------------------------


def offset_cases(rng, parameters):
    both = ("float32", "float32")
    cases = [token_case(rng, (3, 9), parameters, " in float32", dtypes=both, control=True)]
    for shape, offset, slack in (((8, 64), 1e3, 0.01), ((9, 64), 1e4, 0.1), ((8, 48), -1e4, 0.1)):
        words = f" in float32, features around {offset:g}"
        cases.append(token_case(rng, shape, parameters, words, offset, 1.0, dtypes=both, atol=slack))
    return cases


def constant_cases(rng, parameters):
    """Constant tokens. The levels are exact in binary, so that their mean is, in whatever order one adds.

    Only 0.1 is not: without ε its rounding error comes out as ±1, which tells a missing ε from a
    division of its own by a spread of 0.
    """
    x = tokens(rng, (5, 6), least_spread=LEAST_SPREAD)
    x[1], x[4] = rng.integers(1, 40), -rng.integers(1, 40) / 4
    words = "the tokens (7, 7, 7) and (0.1, 0.1, 0.1), γ = (1, 2, 1), β = (0, 0, 1)"
    return [
        case(rng, np.array([[7.0] * 3, [0.1] * 3]), parameters, words=words),
        token_case(rng, (4, 5), parameters, control=True),
        case(rng, x, parameters, ", two tokens are constant"),
        token_case(rng, (4, 1), parameters, location=rng.integers(-40, 40, size=(4, 1)) / 8),
    ]


# suspects ---------------------------------------------------------------------------------------


def padded_layernorm(count_mean: bool, count_variance: bool):
    """Deviations of the padded row, its padding included; the two say what divides by the padded length."""

    def imitation(x, gamma, beta, eps=EPS):
        d, block = x.shape[-1], padded(x)
        mu = block.sum(-1, keepdims=True) / (block.shape[-1] if count_mean else d)
        variance = ((block - mu) ** 2).sum(-1, keepdims=True) / (block.shape[-1] if count_variance else d)
        return (gamma * (x - mu) / np.sqrt(variance + eps) + beta,)

    return imitation


def divided_by_spread_first(x, gamma, beta, eps=EPS):
    """Right but for 0/0: divides by the spread, and mends ε afterwards."""
    spread = np.sqrt(mean((x - mean(x)) ** 2))
    return (gamma * ((x - mean(x)) / spread) * (spread / np.sqrt(spread**2 + eps)) + beta,)


def right(x, eps):
    return deviation(x) / np.sqrt(variance(x) + eps)


def written(x_hat):
    """LayerNorm with another x̂, a function of x and ε."""
    return lambda x, gamma, beta, eps=EPS: (gamma * x_hat(x, eps) + beta,)


LAYERNORM_PARTS = (
    *COMMON_PARTS,
    ("rms-for-layernorm", {"centre": nothing}),
    ("rms-for-layernorm", {"centre": nothing, "affine": lambda h, g, b, x: g * h}),
    ("affine-ignored", {"affine": lambda h, g, b, x: g * h}),
    ("affine-ignored", {"affine": lambda h, g, b, x: h + b}),
    ("affine-wrong", {"affine": lambda h, g, b, x: g * h - b}),
    ("affine-wrong-shape", {"affine": lambda h, g, b, x: column(g) * h + b}),
    ("beta-scaled", {"affine": lambda h, g, b, x: g * (h + b)}),
    ("gamma-beta-swapped", {"affine": lambda h, g, b, x: b * h + g}),
    ("residual-added", {"affine": lambda h, g, b, x: x + g * h + b}),
    *(part for name, average in AVERAGES for part in subtracted(name, average)),
    *subtracted("sum-subtracted", total)[::2],
    *subtracted("padded-lanes", lambda x: total(x) / padded(x).shape[-1])[::2],
    ("whole-array", {"spread": own(lambda x: variance(x).mean())}),
    ("whole-array", {"spread": own(lambda x: x.var())}),
    ("wrong-axis", {"spread": own(lambda x: variance(x, 0))}),
    ("keepdims-missing", {"spread": own(lambda x: x.var(axis=-1))}),
    ("ddof-1", {"spread": own(lambda x: total(deviation(x) ** 2) / np.float64(x.shape[-1] - 1))}),
    ("not-centred", {"spread": own(mean_square)}),
    ("not-centred", {"quotient": lambda x, mu, s: x / s}),
    ("only-centred", {"quotient": lambda x, mu, s: x - mu}),
    ("sign-reversed", {"quotient": lambda x, mu, s: (mu - x) / s}),
    ("missing-parentheses", {"quotient": lambda x, mu, s: x - mu / s}),
    ("root-twice", {"root": lambda v, e, d: np.sqrt(np.sqrt(v) + e)}),
    ("absolute-deviation", {"spread": lambda x, dev: mean(np.abs(dev)), "root": lambda v, e, d: v + e}),
    ("absolute-deviation", {"spread": lambda x, dev: mean(np.abs(dev)) ** 2}),
)

LAYERNORM_SUSPECTS = (
    Suspect("half-precision-statistics", erased(mean_square)[0], raw=True),
    Suspect("half-precision-statistics", erased(sum_of_squares)[0], raw=True),
    Suspect("nan-on-constant", divided_by_spread_first),
    Suspect("affine-before", lambda x, g, b, eps=EPS: layernorm(g * x + b, 1.0, 0.0, eps)),
    Suspect("affine-before", lambda x, g, b, eps=EPS: ((g * (x - mean(x)) + b) / np.sqrt(variance(x) + eps),)),
    *alone(norm_by, LAYERNORM_PARTS),
    Suspect("missing-parentheses", lambda x, g, b, eps=EPS: (g * x - mean(x) / np.sqrt(variance(x) + eps) + b,)),
    Suspect("missing-parentheses", lambda x, g, b, eps=EPS: (x - mean(x) / np.sqrt(variance(x) + eps) * g + b,)),
    # Also what one pass gives where all digits cancel; there the other cases are right.
    Suspect("not-squared", norm_by(spread=lambda x, dev: mean(dev)), throughout=True),
    Suspect("padded-lanes", padded_layernorm(False, False)),
    Suspect("padded-lanes", padded_layernorm(True, True)),
    Suspect("padded-lanes", padded_layernorm(False, True)),
    # Before a missing ε, which a tiny default resembles where ε is not given.
    *(Suspect("eps-default", lambda x, g, b, eps=default: layernorm(x, g, b, eps)) for default in DEFAULTS),
    *alone(norm_by, EPSILON_PARTS),
    *(
        Suspect("eps-outside-root", lambda x, g, b, eps=default: norm_by(root=outside_root)(x, g, b, eps))
        for default in DEFAULTS
    ),
    Suspect("eps-misplaced", written(lambda x, e: right(x, 0.0) + e)),
    Suspect("eps-misplaced", written(lambda x, e: right(x, e) + e / np.sqrt(variance(x) + e))),
    *together(norm_by, LAYERNORM_PARTS + EPSILON_PARTS),
)


# the exercise -----------------------------------------------------------------------------------


def for_layernorm(cases):
    return functools.partial(cases, parameters=2)


LAYERNORM_FORWARD = Exercise(
    name="layernorm_forward",
    functions=("layernorm_forward",),
    outputs=(Output("y"),),
    invoke=invoke("layernorm_forward"),
    reference=layernorm,
    section="layernorm-equation",
    checks=(
        Check(
            "values",
            "Each token is normalised by its own features, then scaled and shifted",
            2,
            "layernorm-equation",
            for_layernorm(value_cases),
        ),
        Check(
            "axes", "Any number of axes before the last, and none", 2, "any-shape", for_layernorm(axes_cases), "only-2d"
        ),
        Check("sizes", "Any number of features", 1, "forward-numerics", for_layernorm(size_cases), "power-of-two-only"),
        Check(
            "epsilon", "ε stands inside the root and follows the argument", 2, "epsilon", for_layernorm(epsilon_cases)
        ),
        Check(
            "constant",
            "Constant tokens and single features give β",
            1,
            "epsilon",
            for_layernorm(constant_cases),
            "nan-on-constant",
        ),
        Check(
            "offset",
            "A large common offset does no harm in float32",
            2,
            "forward-numerics",
            for_layernorm(offset_cases),
            "one-pass-variance",
        ),
        Check(
            "half",
            "float16 tokens of hundreds and thousands do not overflow",
            1,
            "forward-numerics",
            for_layernorm(half_cases),
            "half-precision-statistics",
        ),
        Check("dtype", "The result has x's dtype", 1, "forward-numerics", for_layernorm(dtype_cases)),
        Check(
            "layout",
            "Arrays that are not contiguous in memory",
            1,
            "any-shape",
            for_layernorm(layout_cases),
            "memory-order",
        ),
        Check("untouched", "The arguments are left as they were", 1, "any-shape", for_layernorm(untouched_cases)),
        Check(
            "repeat",
            "Every call computes from its own arguments",
            1,
            "any-shape",
            for_layernorm(repeat_cases),
            "cached-answer",
        ),
    ),
    suspects=LAYERNORM_SUSPECTS,
    misconceptions=BOTH | LAYERNORM_ONLY,
)
