import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    t = x.astype(np.float64)
    rms = np.sqrt(np.sum(t**2, axis=-1, keepdims=True) + eps)  # a sum for a mean
    x_hat = t / rms
    return (gamma * x_hat).astype(x.dtype), (x_hat, rms, gamma.astype(np.float64))


def rmsnorm_backward(dy, cache):
    x_hat, rms, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - x_hat * (g * x_hat).mean(-1, keepdims=True)) / rms
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=tuple(range(dy.ndim - 1))).astype(dy.dtype)
