"""The backward pass: what a function, a module or a kernel may get wrong in it."""

from collections.abc import Callable

import numpy as np

from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_parts import dbeta_of, dgamma_of, layernorm_dx, mean, nothing, over_tokens

from .parts import BOTH_WAYS, SUM

DY = np.array([[0.0, 2.0, -2.0, 2.0], [1.0, 0.0, 2.0, 0.0]])


# misconceptions ---------------------------------------------------------------------------------

GRADIENTS = (
    BOTH_WAYS
    | in_section(
        "autograd-function",
        {
            "statistics-constant": "This is dy ⊙ γ/σ: mean and standard deviation were taken for constants. Both move with x, "
            "and each adds a term.",
            "upstream-unchanged": "dx is dy, or dy ⊙ weight, as it came in. It has to pass through the normalisation as well: "
            "subtract the mean and the component along x̂, and multiply by rstd.",
            "no-mean-term": "One of the two corrections is missing: the mean of g = dy ⊙ weight is not subtracted.",
            "no-variance-term": "One of the two corrections is missing: x̂ · mean(g ⊙ x̂) is not subtracted.",
            "correction-sign": "A correction was added where it is subtracted: dx is what is left of g when a component is "
            "taken away.",
            "corrections-exchanged": "The two means in dx are exchanged. The mean of g is subtracted as it is; the mean of g ⊙ "
            "x̂ is multiplied by x̂ first.",
            "divided-by-variance": "Something in dx, or all of it, is divided by variance + ε, not by its root: rstd is a "
            "factor once, not twice.",
            "xhat-wrong": "The backward works with an x̂ from which the mean was not subtracted. It is what weight multiplied "
            "in the forward: x̂ = (x − mean) · rstd.",
            "xhat-missing": "The correction along x̂ is x̂ · mean(g ⊙ x̂), and one of its factors is missing. The mean says "
            "how much of g lies along x̂, the x̂ before it which direction is taken away.",
            "not-averaged": "A mean over the features is missing. Where the statistics and the corrections of dx have a mean, "
            "it is one number a token, not one a feature.",
            "dx-uses-x": "x or x − mean stands in dx where x̂ belongs. The correction along x̂ is made of the normalised "
            "values, both in the mean and before it.",
            "dy-for-g": "dy stands in one part of dx where g belongs. Form g = dy ⊙ weight once, and use it in every term.",
            "gamma-twice": "weight was multiplied on twice. g = dy ⊙ weight holds it already.",
            "factor-of-two": "The correction along x̂ is twice or half of what it should be. On the path through the variance "
            "the square gives a factor 2 and the root a factor ½, which cancel: one of them got lost.",
            "dgamma-without-xhat": "weight's gradient is the sum of dy alone. weight multiplies x̂, so x̂ is a factor of its "
            "gradient: Σ dy ⊙ x̂.",
            "dbeta-uses-xhat": "bias's gradient was formed with x̂. bias is added and multiplies nothing: Σ dy.",
            "sigma-missing": "The factor rstd is missing in dx: an input with twice the spread has half the gradient.",
            "gamma-outside-means": "weight was multiplied on at the end. It differs from feature to feature, so it can't be "
            "taken out of the means: form g = dy ⊙ weight first.",
            "gamma-ignored": "weight does not appear in dx. The gradient that reaches x̂ is g = dy ⊙ weight.",
            "dgamma-uses-x": "The gradient of weight was formed with x or with the deviations. What weight multiplies is x̂: Σ "
            "dy ⊙ x̂.",
            "dgamma-uses-g": "weight has got into its own or bias's gradient. There it is dy that is summed, not g = dy ⊙ "
            "weight.",
            "dy-missing": "dy does not appear in a gradient. By the chain rule it is a factor of each: g = dy ⊙ weight for x, "
            "Σ dy ⊙ x̂ for weight, Σ dy for bias.",
            "dgamma-uses-dx": "The gradient of weight or bias was formed with dx. What is summed is dy, the gradient by y: Σ "
            "dy ⊙ x̂ and Σ dy.",
            "dgamma-scaled": "weight's gradient was multiplied by rstd once more. x̂ holds it already: Σ dy ⊙ x̂.",
            "dgamma-dbeta-swapped": "The gradients of weight and bias are exchanged. They stand in the order of the forward's "
            "arguments.",
        },
    )
    | in_section(
        "what-to-save",
        {
            "statistics-exchanged": "mean and rstd stand in each other's place: `ctx.saved_tensors` gives the tensors back in "
            "the order in which they were saved.",
        },
    )
)


# cases ------------------------------------------------------------------------------------------


def upstream(rng, shape) -> np.ndarray:
    """A random dy; a common part keeps its mean from vanishing by chance."""
    return rng.normal(size=shape) + rng.choice([-0.5, 0.5])


# what goes wrong --------------------------------------------------------------------------------


def of_g(p):
    return mean(p.g)


def of_gx(p):
    return mean(p.g * p.xhat)


def along(second: Callable = of_gx) -> Callable:
    """The correction along x̂, or one with another number than mean(g ⊙ x̂)."""
    return lambda p: p.xhat * second(p)


def by_rstd(p, left):
    return left / p.s


def corrected(g=lambda p: p.g, first=of_g, second=along(), scale=by_rstd) -> Callable:
    """Return dx of a pass, or one in which some steps are others: g, its two corrections, and what is done to the rest."""

    def dx(p):
        p = p._replace(g=g(p))
        return scale(p, p.g - first(p) - second(p))

    return dx


def only_dy(p):
    return p.dy


def as_it_is(p, left):
    return left


COMMON_DX = [
    ("statistics-constant", {"first": nothing, "second": nothing}),
    ("no-mean-term", {"first": nothing}),
    ("no-variance-term", {"second": nothing}),
    ("gamma-ignored", {"g": only_dy}),
    ("gamma-outside-means", {"g": only_dy, "scale": lambda p, left: p.weight * left / p.s}),
    ("gamma-twice", {"g": lambda p: p.weight * p.g}),
    ("sigma-missing", {"scale": as_it_is}),
    ("sign-reversed", {"scale": lambda p, left: -left / p.s}),
    ("multiplied", {"scale": lambda p, left: left * p.s}),
    ("divided-by-variance", {"scale": lambda p, left: left / p.s**2}),
    ("missing-parentheses", {"second": lambda p: p.xhat * of_gx(p) / p.s, "scale": as_it_is}),
    ("sum-for-mean", {"first": lambda p: p.g.sum(**SUM), "second": along(lambda p: (p.g * p.xhat).sum(**SUM))}),
    ("sum-for-mean", {"first": lambda p: p.g.sum(**SUM)}),
    ("sum-for-mean", {"second": along(lambda p: (p.g * p.xhat).sum(**SUM))}),
    ("correction-sign", {"first": lambda p: -of_g(p), "second": along(lambda p: -of_gx(p))}),
    ("correction-sign", {"first": lambda p: -of_g(p)}),
    ("correction-sign", {"second": along(lambda p: -of_gx(p))}),
    ("xhat-missing", {"second": of_gx}),
    ("dx-uses-x", {"second": lambda p: p.x * mean(p.g * p.x)}),
    ("dy-for-g", {"first": lambda p: mean(p.dy)}),
    ("dy-for-g", {"second": along(lambda p: mean(p.dy * p.xhat))}),
    ("factor-of-two", {"second": along(lambda p: 2 * of_gx(p))}),
]

DX_PARTS = [
    *COMMON_DX,
    ("gamma-ignored", {"g": only_dy, "first": nothing, "second": nothing}),
    ("dy-missing", {"g": lambda p: p.weight * np.ones_like(p.dy)}),
    ("upstream-unchanged", {"first": nothing, "second": nothing, "scale": as_it_is}),
    ("upstream-unchanged", {"g": only_dy, "first": nothing, "second": nothing, "scale": as_it_is}),
    ("corrections-exchanged", {"first": of_gx, "second": along(of_g)}),
    ("missing-parentheses", {"first": lambda p: of_g(p) * p.s, "second": lambda p: p.xhat * of_gx(p) * p.s}),
    ("divided-by-variance", {"first": lambda p: of_g(p) / p.s, "second": lambda p: p.xhat * of_gx(p) / p.s}),
    ("xhat-missing", {"second": along(of_g)}),
    ("xhat-missing", {"second": lambda p: p.xhat}),
    ("not-averaged", {"second": lambda p: p.xhat * p.g * p.xhat}),
    ("not-averaged", {"first": lambda p: p.g}),
    ("dx-uses-x", {"second": lambda p: p.x * of_gx(p)}),
    ("dx-uses-x", {"second": along(lambda p: mean(p.g * p.x))}),
    ("dx-uses-x", {"second": lambda p: p.xhat * p.s**2 * of_gx(p)}),
    ("dx-uses-x", {"second": lambda p: p.xhat * p.s * of_gx(p)}),
    ("dy-for-g", {"first": lambda p: mean(p.dy), "second": along(lambda p: mean(p.dy * p.xhat))}),
    ("dy-for-g", {"scale": lambda p, left: (left + p.dy - p.g) / p.s}),
    ("gamma-twice", {"scale": lambda p, left: p.weight * left / p.s}),
    ("factor-of-two", {"second": along(lambda p: of_gx(p) / 2)}),
]


def dgamma_of_dx(p):
    return over_tokens(layernorm_dx(p) * p.xhat)


def dbeta_of_dx(p):
    return over_tokens(layernorm_dx(p))


PARAMETER_PARTS = [
    ("dgamma-uses-x", {"dweight": lambda p: over_tokens(p.dy * p.x)}),
    ("dgamma-uses-x", {"dweight": lambda p: over_tokens(p.dy * (p.x - mean(p.x)))}),
    ("dgamma-uses-g", {"dweight": lambda p: over_tokens(p.g * p.xhat), "dbias": lambda p: over_tokens(p.g)}),
    ("dgamma-uses-g", {"dweight": lambda p: over_tokens(p.g * p.xhat)}),
    ("dgamma-uses-g", {"dbias": lambda p: over_tokens(p.g)}),
    ("dy-missing", {"dweight": lambda p: over_tokens(p.xhat)}),
    ("dy-missing", {"dbias": lambda p: np.ones(p.dy.shape[-1])}),
    ("dy-missing", {"dbias": lambda p: over_tokens(np.ones_like(p.dy))}),
    ("dy-missing", {"dweight": lambda p: over_tokens(p.xhat), "dbias": lambda p: np.ones(p.dy.shape[-1])}),
    ("dy-missing", {"dweight": lambda p: over_tokens(p.xhat), "dbias": lambda p: over_tokens(np.ones_like(p.dy))}),
    ("dgamma-uses-dx", {"dweight": dgamma_of_dx, "dbias": dbeta_of_dx}),
    ("dgamma-uses-dx", {"dweight": dgamma_of_dx}),
    ("dgamma-uses-dx", {"dbias": dbeta_of_dx}),
    ("dgamma-scaled", {"dweight": lambda p: over_tokens(p.dy * p.xhat / p.s)}),
    ("dgamma-dbeta-swapped", {"dweight": dbeta_of, "dbias": dgamma_of}),
    ("dgamma-without-xhat", {"dweight": dbeta_of}),
    ("dbeta-uses-xhat", {"dbias": dgamma_of}),
]


def averaged_by(name: str, average: Callable) -> list:
    """What comes of another mean over the features in dx: in both corrections, in the first, in the second."""
    first, second = (lambda p: average(p.g)), along(lambda p: average(p.g * p.xhat))
    return [(name, {"first": first, "second": second}), (name, {"first": first}), (name, {"second": second})]
