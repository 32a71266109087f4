import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    off = wide - wide.mean(axis=-1, keepdims=True)
    rstd = ((off**2).mean(axis=-1, keepdims=True) + eps) ** -0.5
    return (gamma * off * rstd + beta).astype(x.dtype), (off * rstd, rstd)


def layernorm_backward(dy, cache):
    x_hat, rstd = cache
    up = dy.astype(np.float64)
    dx = rstd * (up - up.mean(axis=-1) - x_hat * (up * x_hat).mean(axis=-1))
    tokens = tuple(range(up.ndim - 1))
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=tokens).astype(dy.dtype), up.sum(axis=tokens).astype(dy.dtype)
