"""One token with chosen properties, given to a right norm and to a mistaken one: what the figure ``bench`` computes.

As ``mistaken_norms``, with γ = 1 and β = 0, in NumPy and with sums in an order of its own, so that every machine gives the
same numbers.
"""

import numpy as np

MISTAKES = {  # keywords of ``normalise`` here and in ``mistaken_norms``
    "ε left out": {"eps": 0.0},
    "ε always 10⁻⁵": {"eps": 1e-5},
    "ddof = 1": {"ddof": 1},
    "one-pass variance": {"one_pass": True},
    "float16 statistics": {"statistics": "float16"},
    "mean left in": {"centre": False},
}


def token(features: int, spread: float, mean: float) -> np.ndarray:
    """Return (features,) bell-shaped numbers in float32 with this standard deviation; ``mean`` counts in spreads."""
    u = (np.arange(features) + 0.5) * ((np.sqrt(5) - 1) / 2) % 1
    bell = np.log(u / (1 - u))
    centre = total(bell) / features
    size = np.sqrt(total((bell - centre) ** 2) / features)
    return (mean * spread + spread * ((bell - centre) / size)).astype(np.float32)


def total(values: np.ndarray) -> float:
    """Sum neighbours, then neighbouring sums, and so on; float16 in float32, as PyTorch does."""
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    while len(values) > 1:
        even = np.append(values, np.zeros(len(values) % 2, values.dtype))
        values = even[::2] + even[1::2]
    return values[0]


def normalise(x: np.ndarray, eps: float, *, centre=True, ddof=0, one_pass=False, statistics="float32") -> np.ndarray:
    """Return the token normalised; the defaults are right, each keyword is a mistake."""
    real = np.dtype(statistics).type
    with np.errstate(all="ignore"):
        z = x.astype(real)
        n = len(z)
        mean = real(total(z) / n) if centre else real(0)
        if one_pass:
            square = real(total(z * z) / n) - mean * mean
        else:
            square = real(total((z - mean) ** 2)) / real(n - ddof)
        return (z - mean) / np.sqrt(square + real(eps))


def error(mistake: dict, features: int, spread: float, mean: float, eps: float) -> float:
    """Return the largest error relative to the largest right output; infinity where an output is not finite."""
    x = token(features, spread, mean)
    truth = normalise(x, eps, statistics="float64")
    found = np.abs(normalise(x, **{"eps": eps} | mistake) - truth).max() / np.abs(truth).max()
    return float(found) if np.isfinite(found) else float("inf")
