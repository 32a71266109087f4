import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    c = w - w.mean(axis=-1, keepdims=True)
    x_hat = c / np.sqrt((c**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * x_hat + beta).astype(x.dtype), (c, x_hat, gamma)


def layernorm_backward(dy, cache):
    """σ comes back as the ratio of deviation to normalised value."""
    c, x_hat, gamma = cache
    sigma = np.abs(c).max(axis=-1, keepdims=True) / np.abs(x_hat).max(axis=-1, keepdims=True)
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / sigma
    lead = tuple(range(dy.ndim - 1))
    return dx.astype(dy.dtype), (up * x_hat).sum(lead).astype(dy.dtype), up.sum(lead).astype(dy.dtype)
