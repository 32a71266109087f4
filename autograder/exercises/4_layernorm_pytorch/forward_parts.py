"""The forward pass: cases, and what a function, a module or a kernel may get wrong in it."""

from collections.abc import Callable

import numpy as np

from autograder.exercises.misconceptions import half_not_root, in_section, named
from autograder.exercises.norm_parts import centred_by, deviation, mean, total, variance

from .parts import BOTH_WAYS, by_count, counted_tokens

BETA = np.array([1.0, 0.0, -1.0, 2.0])

EXAMPLE = "the worked example (weight = (2, 1, 0.5, 1.5), bias = (1, 0, -1, 2))"


# misconceptions ---------------------------------------------------------------------------------

FORMULAS = (
    BOTH_WAYS
    | named(half_not_root("autograd-function", "variance + ε", "torch.sqrt"))
    | in_section(
        "autograd-function",
        {
            "keepdims-missing": "A mean or a variance lost its axis, so it is lined up with the features: mostly an error, and "
            "silently wrong when there are as many tokens as features. Reduce with `keepdim=True`.",
            "eps-as-floor": "ε was taken as a least value, as `clamp` does. It is added, for every token: the root of "
            "(variance + ε).",
            "affine-wrong": "weight or bias is used in another way than it should be: weight as 1 + weight or added, or bias "
            "subtracted or added to weight. weight multiplies x̂, and bias is added.",
            "affine-first": "weight and bias were applied to x before it was normalised, so that the mean and the spread that "
            "they give were taken away again. Normalise first: y = weight · x̂ + bias.",
            "len-for-features": "A sum over the features was divided by the number of tokens (`len(x)` and `x.shape[0]` count "
            "those) or of all values. The number of features is `x.shape[-1]`.",
            "no-root": "x − mean is divided by variance + ε itself, or multiplied by its reciprocal. Take the root first: rstd "
            "= 1/√(variance + ε).",
            "root-twice": "A root was taken of the standard deviation, which is a root already. ε is added to the variance, "
            "and one root is taken of both.",
            "not-squared": "The deviations were averaged without being squared. Those above the mean cancel those below, and "
            "little but ε is left under the root. Square each deviation first, then average.",
            "var-mean-order": "Mean and variance have changed places: `torch.var_mean` gives the variance first, and the mean "
            "second.",
            "absolute-deviation": "The absolute deviations were averaged. The variance is the mean of the squared deviations.",
            "not-averaged": "Every deviation was divided by the root of its own square, so only its sign is left. Average the "
            "squares over the features: one variance a token.",
            "sum-subtracted": "The sum of the features was subtracted where their mean belongs: divide it by d first.",
            "only-centred": "The features were centred but not divided: x̂ = (x − mean) · rstd.",
            "beta-scaled": "bias was added before weight multiplied, and so was multiplied as well: y = weight · x̂ + bias.",
            "gamma-beta-swapped": "weight and bias are exchanged: weight multiplies x̂, and bias is added.",
            "ddof-1": "This is what dividing by d − 1 gives. LayerNorm's variance divides by d: `correction=0` in `torch.var` "
            "and `torch.std`, whose default is 1.",
            "wrong-axis": "A statistic runs over the tokens, as batch norm's do. Each token is normalised by its own features: "
            "reduce over the last axis alone.",
            "whole-array": "A statistic was taken once for the whole tensor. Every token needs its own: `dim=-1` and "
            "`keepdim=True`.",
            "rms-for-layernorm": "The mean is not subtracted, above the fraction or under the root. LayerNorm centres in both "
            "places, RMSNorm in none.",
            "affine-ignored": "weight or bias does not appear in the output: y = weight · x̂ + bias.",
            "eps-missing": "ε is missing. It is added to the variance under the root, in the forward and so in everything that "
            "the backward divides by.",
            "eps-fixed": "The result does not depend on the argument `eps`: a fixed number stands in its place, in the forward "
            "or in the backward.",
            "eps-outside-root": "ε was added to the root. It belongs inside: rstd = 1/√(variance + ε).",
            "eps-altered": "ε was squared, or divided by d, before it was added: that is what adding it to the sum of the "
            "squares does. It is added to the variance as it is: variance + ε.",
        },
    )
    | in_section(
        "low-precision",
        {
            "half-precision-statistics": "The statistics were computed in 16 bits. float16 ends at 65,504, and 256² is past "
            "it; bfloat16 keeps 8 bits, so a mean of 100 is rounded to a multiple of 0.5. Convert to float32 first, and back "
            "at the end.",
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)² subtracts two huge, nearly equal "
            "numbers, in float32 down to multiples of 8 at 1e4. Subtract the mean first, then square.",
        },
    )
)


# references -------------------------------------------------------------------------------------


def statistics(
    off=deviation,
    measured=None,
    each=np.square,
    average=mean,
    root=lambda v, eps, d: np.sqrt(v + eps),
    over=lambda s: s,
    undivided=lambda x: 0.0,
) -> Callable:
    """Return how x̂ and σ_ε come from x and ε, or a way in which some steps are others.

    off: x → the deviations. measured: x → what is squared, the same unless given. each: the square.
    average: of the squares. root: of that, ε and d. over: what to divide by, of the root. undivided: the part of the
    deviations that is not divided.
    """
    measured = measured or off

    def by(x, eps):
        s = over(root(average(each(measured(x))), eps, x.shape[-1]))
        return undivided(x) + (off(x) - undivided(x)) / s, s

    return by


def scaled_and_shifted(h, w, b):
    return h * w + b


def y_by(affine: Callable = scaled_and_shifted) -> Callable:
    """y of a pass. affine: x̂, weight and bias → y, feature by feature."""
    return lambda p: affine(p.xhat, p.weight, p.bias)


# what goes wrong --------------------------------------------------------------------------------


def as_it_is(x):
    return x


def less(average: Callable) -> Callable:
    return lambda x: x - average(x)


def down(x):
    return mean(x, 0)


def overall(x):
    return mean(x, None)


def without_its_axis(x):
    return x.mean(axis=-1)


def absolute(v):
    """Written so that it can be differentiated by complex steps."""
    return np.sqrt(v**2)


def outside_root(v, eps, d):
    return np.sqrt(v) + eps


def fixed_eps(value: float) -> Callable:
    return lambda v, eps, d: np.sqrt(v + value)


def counted_all(x):
    return x.size


def averaged(name: str, average: Callable) -> list:
    """What comes of another average in the mean and in the variance, in the variance or in the mean."""
    off = less(average)
    return [(name, {"off": off, "average": average}), (name, {"average": average}), (name, {"off": off})]


def subtracted(name: str, off: Callable) -> list:
    """What comes of other deviations, and of those with the right variance."""
    return [(name, {"off": off}), (name, {"off": off, "measured": deviation})]


# What a forward may get wrong; its backward works with the same numbers, or with the right ones.
COMMON_STATISTICS = [
    ("ddof-1", {"average": lambda v: total(v) / np.float64(v.shape[-1] - 1)}),
    ("eps-missing", {"root": fixed_eps(0.0)}),
    ("eps-outside-root", {"root": outside_root}),
    ("eps-fixed", {"root": fixed_eps(1e-5)}),
    ("eps-as-floor", {"root": lambda v, eps, d: np.sqrt(np.maximum(v, eps))}),
    ("no-root", {"root": lambda v, eps, d: v + eps}),
    # Half of variance + ε, or twice that: of the reciprocal, too, `** 1/2` makes a half.
    *(("half-not-root", {"root": lambda v, eps, d, f=factor: f * (v + eps)}) for factor in (0.5, 2.0)),
    ("sum-for-mean", {"average": total}),
    ("absolute-deviation", {"each": absolute}),
    ("absolute-deviation", {"each": absolute, "root": lambda v, eps, d: v + eps}),
    ("multiplied", {"over": lambda s: 1 / s}),
    ("only-centred", {"undivided": deviation}),
    ("only-centred", {"over": np.ones_like}),
    ("sign-reversed", {"off": lambda x: -deviation(x)}),
    ("missing-parentheses", {"undivided": as_it_is}),
    *subtracted("sum-subtracted", less(total)),
    *subtracted("rms-for-layernorm", as_it_is),
    ("rms-for-layernorm", {"measured": as_it_is}),
    *(
        part
        for name, average in (("wrong-axis", down), ("whole-array", overall))
        for part in (
            *averaged(name, average),
            (name, {"off": less(average), "measured": deviation}),
            (name, {"measured": less(average), "average": average}),
        )
    ),
]

FIXED = (0.1, 1e-5, 1e-6, 1e-8, 1e-12)
BY_OTHER_COUNTS = [part for n in (counted_tokens, counted_all) for part in averaged("len-for-features", by_count(n))]

STATISTICS = [
    *COMMON_STATISTICS,
    ("eps-outside-root", {"root": lambda v, eps, d: 1 / (1 / np.sqrt(v) + eps)}),
    ("eps-altered", {"root": lambda v, eps, d: np.sqrt(v + eps**2)}),
    ("eps-altered", {"root": lambda v, eps, d: np.sqrt(v + eps / d)}),
    *(("eps-fixed", {"root": fixed_eps(value)}) for value in FIXED),
    ("root-twice", {"root": lambda v, eps, d: np.sqrt(np.sqrt(v) + eps)}),
    ("not-squared", {"each": as_it_is}),
    ("not-averaged", {"average": as_it_is}),
    ("var-mean-order", {"off": less(variance), "measured": as_it_is, "each": as_it_is}),
    *BY_OTHER_COUNTS,
    *averaged("keepdims-missing", without_its_axis),
    ("keepdims-missing", {"off": less(without_its_axis), "measured": deviation, "average": without_its_axis}),
]

AFFINE = [
    ("beta-scaled", {"affine": lambda h, w, b: (h + b) * w}),
    ("gamma-beta-swapped", {"affine": lambda h, w, b: h * b + w}),
    ("affine-ignored", {"affine": lambda h, w, b: h}),
    ("affine-ignored", {"affine": lambda h, w, b: h * w}),
    ("affine-ignored", {"affine": lambda h, w, b: h + b}),
    ("affine-wrong", {"affine": lambda h, w, b: h * (1 + w) + b}),
    ("affine-wrong", {"affine": lambda h, w, b: h + w + b}),
    ("affine-wrong", {"affine": lambda h, w, b: h * w - b}),
    ("affine-wrong", {"affine": lambda h, w, b: h * (w + b)}),
]


def affine_first(x, weight, bias):
    return x * weight + bias


def scaled_first(x, weight, bias):
    return x * weight


FORWARD_PARTS = [
    ("affine-first", {"y": lambda p: centred_by(affine_first(p.x, p.weight, p.bias), p.eps)[0]}),
    ("affine-first", {"y": lambda p: centred_by(scaled_first(p.x, p.weight, p.bias), p.eps)[0] + p.bias}),
    ("affine-first", {"y": lambda p: p.xhat, "x_of": affine_first}),
    ("affine-first", {"y": lambda p: p.xhat + p.bias, "x_of": scaled_first}),
    ("missing-parentheses", {"y": lambda p: p.x - mean(p.x) / p.s * p.weight + p.bias}),
]
