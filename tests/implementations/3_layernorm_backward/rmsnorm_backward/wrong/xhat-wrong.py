import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    r = np.sqrt((wide**2).mean(axis=-1, keepdims=True) + eps)
    x_hat = wide / r
    return (gamma * x_hat).astype(x.dtype), (wide, 1 / r, gamma)


def rmsnorm_backward(dy, cache):
    x, rstd, gamma = cache
    x_hat = x / rstd
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) * rstd
    dgamma = (up * x_hat).sum(axis=tuple(range(up.ndim - 1)))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
