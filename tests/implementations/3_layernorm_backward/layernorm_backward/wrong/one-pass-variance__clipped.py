import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float32)
    mu = np.mean(w, axis=-1, keepdims=True)
    var = np.maximum(np.mean(w**2, axis=-1, keepdims=True) - mu**2, 0)
    std = np.sqrt(var + np.float32(eps))
    return ((w - mu) / std * gamma + beta).astype(x.dtype), ((w - mu) / std, std, gamma)


def layernorm_backward(dy, cache):
    xhat, std, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - g.mean(-1, keepdims=True) - xhat * (g * xhat).mean(-1, keepdims=True)) / std
    lead = tuple(range(dy.ndim - 1))
    return dx.astype(dy.dtype), (up * xhat).sum(lead).astype(dy.dtype), up.sum(lead).astype(dy.dtype)
