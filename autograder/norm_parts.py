"""What the hidden modules of LayerNorm share: tokens to try; of its gradient, the formulas and ways to get them wrong.

A formula takes a pass ``p`` with the arrays x, dy, g = dy ⊙ γ and xhat of shape (..., d), and s, what x̂ was divided by.
"""

import numpy as np


def mean(values: np.ndarray, axis=-1) -> np.ndarray:
    return values.mean(axis=axis, keepdims=True)


def deviation(x: np.ndarray, axis=-1) -> np.ndarray:
    return x - mean(x, axis)


def variance(x: np.ndarray, axis=-1) -> np.ndarray:
    return mean(deviation(x, axis) ** 2, axis)


def over_tokens(values: np.ndarray) -> np.ndarray:
    """Sum over every axis but the last."""
    return values.reshape(-1, values.shape[-1]).sum(axis=0)


def centred_by(x, eps, axis=-1, ddof=0):
    """LayerNorm's x̂ and σ_ε."""
    off = deviation(x, axis)
    n = x.size if axis is None else x.shape[axis]
    s = np.sqrt((off**2).sum(axis=axis, keepdims=True) / np.float64(n - ddof) + eps)
    return off / s, s


def layernorm_dx(p) -> np.ndarray:
    return (p.g - mean(p.g) - p.xhat * mean(p.g * p.xhat)) / p.s


def dgamma_of(p) -> np.ndarray:
    return over_tokens(p.dy * p.xhat)


def dbeta_of(p) -> np.ndarray:
    return over_tokens(p.dy)


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


# what libraries have of norms ----------------------------------------------------------------------

LIBRARIES = ("tensorflow", "keras", "jax", "flax", "scipy", "sklearn", "cupy", "mxnet", "onnx", "onnxruntime")

# what PyTorch has of norms: its functions and classes, and the operators that they end in -----------

NORMS = frozenset(
    name
    for kind in ("layer_norm", "rms_norm", "group_norm", "batch_norm", "instance_norm")
    for name in (
        kind,
        f"native_{kind}",
        f"_native_{kind}",
        f"native_{kind}_backward",
        f"_fused_{kind}",
        f"fused_{kind}",
    )
) | {
    "LayerNorm",
    "RMSNorm",
    "GroupNorm",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LocalResponseNorm",
    "SyncBatchNorm",
    "LazyBatchNorm1d",
    "LazyInstanceNorm1d",
    "_normalize",
    "normalize",
}
OPERATORS = (
    "native_layer_norm",
    "native_layer_norm_backward",
    "layer_norm",
    "rms_norm",
    "_fused_rms_norm",
    "_fused_rms_norm_backward",
    "group_norm",
    "native_group_norm",
    "native_group_norm_backward",
    "instance_norm",
    "batch_norm",
    "native_batch_norm",
    "native_batch_norm_backward",
    "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training",
    "_batch_norm_impl_index",
    "_batch_norm_with_update",
    "_batch_norm_no_update",
    "batch_norm_stats",
    "batch_norm_elemt",
)
