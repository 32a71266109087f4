import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    rms = np.sqrt((x.astype(np.float64) ** 2).mean(-1, keepdims=True) + eps)
    x_hat = x / rms
    return (gamma * x_hat).astype(x.dtype), (x_hat, rms, gamma)


def rmsnorm_backward(dy, cache):
    x_hat, rms, gamma = cache
    g = dy * gamma
    dx = (g - g.mean(-1, keepdims=True)) / rms
    dgamma = (dy * x_hat).sum(tuple(range(dy.ndim - 1)))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
