"""What the hidden modules of LayerNorm share: tokens to try, the norm and its gradient in parts, ways to get them wrong.

A formula takes a pass ``p`` with the arrays x, dy, g = dy ⊙ γ and xhat of shape (..., d), and s, what x̂ was divided by.
"""

import numpy as np


def mean(values: np.ndarray, axis=-1) -> np.ndarray:
    return values.mean(axis=axis, keepdims=True)


def deviation(x: np.ndarray, axis=-1) -> np.ndarray:
    return x - mean(x, axis)


def variance(x: np.ndarray, axis=-1) -> np.ndarray:
    return mean(deviation(x, axis) ** 2, axis)


def mean_square(values: np.ndarray) -> np.ndarray:
    return mean(values**2)


def total(values: np.ndarray) -> np.ndarray:
    return values.sum(axis=-1, keepdims=True)


def nothing(x: np.ndarray) -> float:
    return 0.0


def over_tokens(values: np.ndarray) -> np.ndarray:
    """Sum over every axis but the last."""
    return values.reshape(-1, values.shape[-1]).sum(axis=0)


def centred_by(x, eps, axis=-1, ddof=0):
    """LayerNorm's x̂ and σ_ε."""
    off = deviation(x, axis)
    n = x.size if axis is None else x.shape[axis]
    s = np.sqrt((off**2).sum(axis=axis, keepdims=True) / np.float64(n - ddof) + eps)
    return off / s, s


def norm_by(
    centre=mean,
    spread=lambda x, dev: mean_square(dev),
    root=lambda v, eps, d: np.sqrt(v + eps),
    quotient=lambda x, mu, s: (x - mu) / s,
    affine=lambda h, gamma, beta, x: gamma * h + beta,
):
    """LayerNorm, or one in which some parts are others; RMSNorm where nothing is subtracted and β is not given.

    Parts: x → what is subtracted; x and the deviations → what stands beside ε; that, ε and d → what divides; x and those
    two → x̂; x̂, γ, β and x → y.
    """

    def imitation(x, gamma, beta=0.0, eps=1e-5) -> tuple:
        mu = centre(x)
        s = root(spread(x, x - mu), eps, x.shape[-1])
        return (affine(quotient(x, mu, s), gamma, beta, x),)

    return imitation


def own(measure):
    """A measure of a row's own spread, whatever was subtracted from it elsewhere."""
    return lambda x, dev: measure(x)


def subtracted(name: str, average) -> list[tuple]:
    """Another average in the mean: with the variance about it, its own average of that, and the variance about the right mean."""
    return [
        (name, {"centre": average}),
        (name, {"centre": average, "spread": lambda x, dev: average(dev**2)}),
        (name, {"centre": average, "spread": own(variance)}),
    ]


def layernorm_dx(p) -> np.ndarray:
    return (p.g - mean(p.g) - p.xhat * mean(p.g * p.xhat)) / p.s


def dgamma_of(p) -> np.ndarray:
    return over_tokens(p.dy * p.xhat)


def dbeta_of(p) -> np.ndarray:
    return over_tokens(p.dy)


def divided_by_gamma(norm, dx_too: bool, dx_at: int = 0):
    """x̂ won back from y, which reaches dx too, or dγ from g: right where no γ is 0.

    dx_at: the place of dx among the norm's results; dγ comes after it.
    """

    def imitation(x, gamma, *others) -> tuple:
        lost = np.where(gamma == 0, np.nan, 0.0)
        results = list(norm(x, gamma, *others))
        results[dx_at] = results[dx_at] + (lost.sum() if dx_too else 0.0)
        results[dx_at + 1] = results[dx_at + 1] + lost
        return tuple(results)

    return imitation


def tokens(rng: np.random.Generator, shape: tuple, location=None, spread=None, least_spread=3.0) -> np.ndarray:
    """Tokens whose spread is exact: each with one of least_spread to 6 and a mean of 1/2 to 2 spreads either side of 0.

    location, spread: the same for all tokens instead. At d = 1 the spread is 0 in any case.
    """
    noise = rng.gamma(2.0, size=shape) * rng.choice([-1, 1], size=(*shape[:-1], 1)) + 0.1 * rng.normal(size=shape)
    noise -= mean(noise)
    if shape[-1] > 1:
        noise /= np.sqrt(mean(noise**2))
    if spread is None:
        spread = rng.uniform(least_spread, 6.0, size=(*shape[:-1], 1))
    if location is None:
        location = spread * rng.uniform(0.5, 2.0, size=(*shape[:-1], 1)) * rng.choice([-1, 1], size=(*shape[:-1], 1))
    return location + spread * noise


def smaller_sample(p) -> np.ndarray:
    """dx derived from a variance that divides by d − 1."""
    return (p.g - mean(p.g) - p.xhat * (p.g * p.xhat).sum(axis=-1, keepdims=True) / (p.x.shape[-1] - 1)) / p.s


def not_centred(x, eps):
    """LayerNorm's σ_ε, and an x̂ whose mean was forgotten."""
    s = np.sqrt(variance(x) + eps)
    return x / s, s


def with_ddof(x, eps):
    return centred_by(x, eps, ddof=1)


def by_feature(x, eps):
    return centred_by(x, eps, axis=0)


def by_array(x, eps):
    return centred_by(x, eps, axis=None)
