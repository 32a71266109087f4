import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    rms = np.sqrt((w**2).mean(axis=-1, keepdims=True) + eps)
    return (w / rms * gamma + beta).astype(x.dtype), (w / rms, rms, gamma)


def layernorm_backward(dy, cache):
    n, rms, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - n * (g * n).mean(axis=-1, keepdims=True)) / rms
    lead = tuple(range(dy.ndim - 1))
    return dx.astype(dy.dtype), (up * n).sum(lead).astype(dy.dtype), up.sum(lead).astype(dy.dtype)
