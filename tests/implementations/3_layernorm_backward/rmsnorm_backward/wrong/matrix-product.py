import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    r = np.sqrt((wide**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * wide / r).astype(x.dtype), (wide / r, r, gamma)


def rmsnorm_backward(dy, cache):
    x_hat, r, gamma = cache
    g = dy.astype(np.float64) * gamma
    dx = (g - g @ x_hat.T @ x_hat / x_hat.shape[-1]) / r
    dgamma = (dy.astype(np.float64) * x_hat).sum(axis=tuple(range(dy.ndim - 1)))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
