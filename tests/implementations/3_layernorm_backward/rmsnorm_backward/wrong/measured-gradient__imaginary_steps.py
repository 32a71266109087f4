import numpy as np


def normalised(a, eps):
    return a / np.sqrt((a**2).mean(axis=-1, keepdims=True) + eps)


def rmsnorm_forward(x, gamma, eps=1e-5):
    a = x.astype(np.float64)
    return (gamma * normalised(a, eps)).astype(x.dtype), (a, gamma, eps)


def rmsnorm_backward(dy, cache):
    a, gamma, eps = cache
    g = dy.astype(np.float64) * gamma
    dx = np.empty_like(a)
    for j in range(a.shape[-1]):
        there = a + 1e-30j * (np.arange(a.shape[-1]) == j)
        pairs = np.ascontiguousarray(normalised(there, eps) * g).view(np.float64).reshape(*a.shape, 2)
        dx[..., j] = pairs[..., 1].sum(axis=-1) / 1e-30
    leading = tuple(range(dy.ndim - 1))
    dgamma = (dy.astype(np.float64) * normalised(a, eps)).sum(axis=leading)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
