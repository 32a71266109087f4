import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    t = x.astype(np.float64)
    r = np.sqrt((t**2).mean(-1, keepdims=True) + eps)
    y = gamma * t / r
    return y.astype(x.dtype), (y, r, gamma)


def rmsnorm_backward(dy, cache):
    y, r, gamma = cache
    x_hat = y / gamma
    g = dy * gamma
    dx = (g - x_hat * (g * x_hat).mean(-1, keepdims=True)) / r
    return dx.astype(dy.dtype), (dy * x_hat).sum(tuple(range(dy.ndim - 1))).astype(dy.dtype)
