import numpy as np


def normalised(a, eps):
    deviation = a - a.mean(axis=-1, keepdims=True)
    return deviation / np.sqrt((deviation**2).mean(axis=-1, keepdims=True) + eps)


def layernorm_forward(x, gamma, beta, eps=1e-5):
    a = x.astype(np.float64)
    return (gamma * normalised(a, eps) + beta).astype(x.dtype), (a, gamma, eps)


def layernorm_backward(dy, cache):
    a, gamma, eps = cache
    g = dy.astype(np.float64) * gamma
    dx = np.empty_like(a)
    for j in range(a.shape[-1]):
        there = a.astype(complex)
        there[..., j] += 1e-30j
        dx[..., j] = (normalised(there, eps) * g).sum(axis=-1).imag / 1e-30
    leading = tuple(range(dy.ndim - 1))
    dgamma = (dy.astype(np.float64) * normalised(a, eps)).sum(axis=leading)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dy.astype(np.float64).sum(axis=leading).astype(dy.dtype)
