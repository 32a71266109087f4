"""The forward pass: cases, and what a function, a module or a kernel may get wrong in it."""

from collections.abc import Callable

import numpy as np

from autograder.exercises.misconceptions import half_not_root, in_section, named
from autograder.exercises.norm_parts import by_array, by_feature, centred_by, deviation, mean, not_centred, variance, with_ddof

from .parts import BOTH_WAYS, SUM, Pass, by_count, counted_tokens

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


def rms_by(x, eps):
    s = np.sqrt(mean(x**2) + eps)
    return x / s, s


def y_of(p: Pass) -> np.ndarray:
    return p.xhat * p.weight + p.bias


# what goes wrong --------------------------------------------------------------------------------


def without_eps(x, eps):
    return centred_by(x, 0.0)


def outside_root(x, eps):
    deviation = x - mean(x)
    s = np.sqrt(mean(deviation**2)) + eps
    return deviation / s, s


def fixed_eps(value: float):
    return lambda x, eps: centred_by(x, value)


def std_plus_eps(x, eps):
    """ε added to what ``x.std()`` gives."""
    s = np.sqrt((deviation(x) ** 2).sum(**SUM) / (x.shape[-1] - 1)) + eps
    return deviation(x) / s, s


def outside_reciprocal(x, eps):
    s = 1 / (1 / np.sqrt(variance(x)) + eps)
    return deviation(x) / s, s


FIXED = (0.1, 1e-5, 1e-6, 1e-8, 1e-12)
STATISTICS = [
    ("ddof-1", with_ddof),
    ("wrong-axis", by_feature),
    ("whole-array", by_array),
    ("eps-missing", without_eps),
    ("eps-outside-root", outside_root),
    ("eps-outside-root", std_plus_eps),
    ("eps-outside-root", outside_reciprocal),
    ("eps-altered", lambda x, eps: centred_by(x, eps**2)),
    ("eps-altered", lambda x, eps: centred_by(x, eps / x.shape[-1])),
    *(("eps-fixed", fixed_eps(value)) for value in FIXED),
]


def divided(numerator: Callable, under_root: Callable) -> Callable:
    """x̂ and σ_ε from other parts. numerator: x → what is divided; under_root: x → what stands beside ε."""

    def by(x, eps):
        s = np.sqrt(under_root(x) + eps)
        return numerator(x) / s, s

    return by


def without_root(x, eps):
    s = variance(x) + eps
    return deviation(x) / s, s


def multiplied(x, eps):
    """The root stands where its reciprocal belongs."""
    root = np.sqrt(variance(x) + eps)
    return deviation(x) * root, 1 / root


def less_the_sum(x):
    return x - x.sum(**SUM)


def less(average: Callable) -> Callable:
    return lambda x: x - average(x)


def counted_all(x):
    return x.size


def by_other_counts() -> list:
    """What comes of dividing by the number of tokens or of all values, in the mean, in the variance or in both."""
    found = []
    for count in (counted_tokens, counted_all):
        average = by_count(count)
        off = less(average)
        found += [
            divided(off, lambda x, average=average, off=off: average(off(x) ** 2)),
            divided(deviation, lambda x, average=average: average(deviation(x) ** 2)),
            divided(off, lambda x, off=off: mean(off(x) ** 2)),
        ]
    return [("len-for-features", by) for by in found]


def absolute(x):
    return mean(np.abs(deviation(x)))


def by_absolute(x, eps):
    s = absolute(x) + eps
    return deviation(x) / s, s


def less_another(axis):
    return lambda x: x - mean(x, axis)


def without_an_axis(x):
    return x - x.mean(axis=-1)


# What a forward may get wrong; its backward works with the same numbers, or with the right ones.
FORWARD_STATISTICS = [
    ("sum-for-mean", divided(deviation, lambda x: (deviation(x) ** 2).sum(**SUM))),
    ("no-root", without_root),
    ("multiplied", multiplied),
    ("root-twice", divided(deviation, lambda x: np.sqrt(variance(x)))),
    ("not-squared", divided(deviation, lambda x: mean(deviation(x)))),
    ("not-averaged", divided(deviation, lambda x: deviation(x) ** 2)),
    ("var-mean-order", divided(lambda x: x - variance(x), mean)),
    ("absolute-deviation", divided(deviation, absolute)),
    ("absolute-deviation", by_absolute),
    *by_other_counts(),
    ("sum-subtracted", divided(less_the_sum, lambda x: mean(less_the_sum(x) ** 2))),
    ("sum-subtracted", divided(less_the_sum, variance)),
    ("only-centred", lambda x, eps: (deviation(x), np.ones_like(x))),
    ("sign-reversed", divided(lambda x: -deviation(x), variance)),
    ("rms-for-layernorm", not_centred),
    ("rms-for-layernorm", divided(deviation, lambda x: mean(x**2))),
    ("keepdims-missing", divided(deviation, lambda x: (deviation(x) ** 2).mean(axis=-1))),
    ("keepdims-missing", divided(without_an_axis, lambda x: mean(without_an_axis(x) ** 2))),
    ("keepdims-missing", divided(without_an_axis, lambda x: (deviation(x) ** 2).mean(axis=-1))),
    ("keepdims-missing", divided(without_an_axis, lambda x: (without_an_axis(x) ** 2).mean(axis=-1))),
    *(
        (name, divided(less_another(axis), lambda x, axis=axis: mean(less_another(axis)(x) ** 2)))
        for name, axis in (("wrong-axis", 0), ("whole-array", None))
    ),
    *((name, divided(less_another(axis), variance)) for name, axis in (("wrong-axis", 0), ("whole-array", None))),
    ("wrong-axis", divided(deviation, lambda x: mean(deviation(x) ** 2, 0))),
    ("whole-array", divided(deviation, lambda x: mean(deviation(x) ** 2, None))),
]


def halved(factor: float):
    """x̂ divided by half of variance + ε, or by twice that: of the reciprocal, too, `** 1/2` makes a half."""

    def by(x, eps):
        s = factor * (variance(x) + eps)
        return deviation(x) / s, s

    return by


def mean_alone(x, eps):
    """Only the mean is divided."""
    s = np.sqrt(variance(x) + eps)
    return x - mean(x) / s, s


def floored(x, eps):
    s = np.sqrt(np.maximum(variance(x), eps))
    return deviation(x) / s, s


# What is tried of functions of tensors, not of kernels.
OF_TENSORS = [
    *(("half-not-root", {"forward": halved(factor)}) for factor in (0.5, 2.0)),
    *(("half-not-root", {"forward": halved(factor), "backward": centred_by}) for factor in (0.5, 2.0)),
    ("eps-as-floor", {"forward": floored}),
    ("eps-as-floor", {"forward": floored, "backward": centred_by}),
    ("affine-wrong", {"y": lambda p: p.xhat * (1 + p.weight) + p.bias}),
    ("affine-wrong", {"y": lambda p: p.xhat + p.weight + p.bias}),
    ("affine-wrong", {"y": lambda p: p.xhat * p.weight - p.bias}),
    ("affine-wrong", {"y": lambda p: p.xhat * (p.weight + p.bias)}),
    ("missing-parentheses", {"forward": mean_alone, "backward": centred_by}),
    ("missing-parentheses", {"y": lambda p: p.x - mean(p.x) / p.s * p.weight + p.bias}),
]


def bias_scaled(p):
    return (p.xhat + p.bias) * p.weight


def exchanged(p):
    return p.xhat * p.bias + p.weight


def affine_first(x, weight, bias):
    return x * weight + bias


def scaled_first(x, weight, bias):
    return x * weight


FORWARD_PARTS = [
    *((name, {"forward": statistics, "backward": centred_by}) for name, statistics in STATISTICS + FORWARD_STATISTICS),
    ("beta-scaled", {"y": bias_scaled}),
    ("gamma-beta-swapped", {"y": exchanged}),
    ("rms-for-layernorm", {"forward": rms_by, "backward": centred_by}),
    ("affine-ignored", {"y": lambda p: p.xhat}),
    ("affine-ignored", {"y": lambda p: p.xhat * p.weight}),
    ("affine-ignored", {"y": lambda p: p.xhat + p.bias}),
    ("affine-first", {"y": lambda p: centred_by(affine_first(p.x, p.weight, p.bias), p.eps)[0]}),
    ("affine-first", {"y": lambda p: centred_by(scaled_first(p.x, p.weight, p.bias), p.eps)[0] + p.bias}),
    ("affine-first", {"y": lambda p: p.xhat, "x_of": affine_first}),
    ("affine-first", {"y": lambda p: p.xhat + p.bias, "x_of": scaled_first}),
]
