import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    square = (wide**2).mean(axis=-1, keepdims=True) + eps
    x_hat = wide / np.sqrt(square)
    return (gamma * x_hat).astype(x.dtype), (x_hat, square)


def rmsnorm_backward(dy, cache):
    x_hat, square = cache
    up = dy.astype(np.float64)
    dx = (up - x_hat * (up * x_hat).mean(axis=-1, keepdims=True)) / square
    dgamma = (up * x_hat).sum(axis=tuple(range(dy.ndim - 1)))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
