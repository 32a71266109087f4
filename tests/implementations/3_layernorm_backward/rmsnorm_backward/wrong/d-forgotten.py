import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    r = np.sqrt((wide**2).mean(axis=-1, keepdims=True) + eps)
    x_hat = wide / r
    return (gamma * x_hat).astype(x.dtype), (x_hat, r, gamma)


def rmsnorm_backward(dy, cache):
    x_hat, r, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (dy.shape[-1] * g - x_hat * (g * x_hat).sum(axis=-1, keepdims=True)) / r
    dgamma = (up * x_hat).sum(axis=tuple(range(up.ndim - 1)))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
