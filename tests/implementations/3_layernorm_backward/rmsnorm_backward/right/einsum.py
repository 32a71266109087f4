import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    ms = np.einsum("...i,...i->...", x, x, dtype="float64") / x.shape[-1]
    rstd = (ms + eps)[..., None] ** -0.5
    hat = x * rstd
    return np.einsum("...i,i->...i", hat, gamma).astype(x.dtype), (hat, rstd, gamma)


def rmsnorm_backward(dy, cache):
    hat, rstd, gamma = cache
    g = dy * gamma
    c = np.einsum("...i,...i->...", g, hat) / hat.shape[-1]
    dx = (g - c[..., None] * hat) * rstd
    rows = (-1, hat.shape[-1])
    return dx.astype(dy.dtype), np.einsum("ti,ti->i", dy.reshape(rows), hat.reshape(rows)).astype(dy.dtype)
