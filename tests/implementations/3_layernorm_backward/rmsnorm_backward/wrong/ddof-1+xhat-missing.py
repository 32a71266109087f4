import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    r = np.sqrt((wide**2).sum(axis=-1, keepdims=True) / np.float64(x.shape[-1] - 1) + eps)
    return (gamma * wide / r).astype(x.dtype), (wide / r, r, gamma)


def rmsnorm_backward(dy, cache):
    x_hat, r, gamma = cache
    g = dy * gamma.astype(np.float64)
    dx = (g - (g * x_hat).mean(axis=-1, keepdims=True)) / r
    dgamma = (dy * x_hat).sum(axis=tuple(range(dy.ndim - 1)))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
