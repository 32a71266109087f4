import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    root = np.sqrt((wide**2).mean(axis=-1, keepdims=True) + eps)
    x_hat = wide / root
    y = gamma * x_hat
    return y.astype(x.dtype), (x_hat, root, gamma.copy())


def rmsnorm_backward(dy, cache):
    x_hat, root, gamma = cache
    upstream = dy.astype(np.float64)
    g = upstream * gamma
    along_x_hat = (g * x_hat).mean(axis=-1, keepdims=True)
    dx = g
    dgamma = (upstream * x_hat).sum(axis=tuple(range(dy.ndim - 1)))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
