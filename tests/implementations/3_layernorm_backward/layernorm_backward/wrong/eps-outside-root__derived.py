import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    off = x.astype(np.float64) - x.astype(np.float64).mean(axis=-1, keepdims=True)
    std = np.sqrt((off**2).mean(axis=-1, keepdims=True))
    return (gamma * off / (std + eps) + beta).astype(x.dtype), (off, std, gamma, eps)


def layernorm_backward(dy, cache):
    # The gradient of this forward, path by path.
    off, std, gamma, eps = cache
    d = off.shape[-1]
    up = dy.astype(np.float64)
    x_hat, g = off / (std + eps), up * gamma
    dvar = (g * off * -0.5 / (std + eps) ** 2 / std).sum(axis=-1, keepdims=True)
    dmu = (-g / (std + eps)).sum(axis=-1, keepdims=True)
    dx = g / (std + eps) + dvar * 2 * off / d + dmu / d
    tokens = tuple(range(up.ndim - 1))
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=tokens).astype(dy.dtype), up.sum(axis=tokens).astype(dy.dtype)
