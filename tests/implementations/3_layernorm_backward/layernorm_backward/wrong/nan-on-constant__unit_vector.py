import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    mu, var = w.mean(-1, keepdims=True), w.var(-1, keepdims=True)
    return ((w - mu) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype), (w - mu, var, eps, gamma)


def layernorm_backward(dy, cache):
    c, var, eps, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    u = c / np.linalg.norm(c, axis=-1, keepdims=True)
    share = var / (var + eps)
    dx = (g - g.mean(-1, keepdims=True) - share * u * (u * g).sum(-1, keepdims=True)) / np.sqrt(var + eps)
    lead = tuple(range(dy.ndim - 1))
    dgamma = (up * c / np.sqrt(var + eps)).sum(lead)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), up.sum(lead).astype(dy.dtype)
