import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mu, var = wide.mean(-1, keepdims=True), wide.var(-1, keepdims=True)
    return ((wide - mu) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype), (x, mu, var, eps, gamma)


def layernorm_backward(dy, cache):
    """Projects on unit vectors; the second one counts by σ²/(σ² + ε) only."""
    x, mu, var, eps, gamma = cache
    c = x.astype(np.float64) - mu
    d = c.shape[-1]
    up = dy.astype(np.float64)
    g = up * gamma
    length = np.sqrt((c**2).sum(-1, keepdims=True))
    unit = c / np.where(length > 0, length, 1.0)
    g_plane = g - g.sum(-1, keepdims=True) / d
    dx = (g_plane - var / (var + eps) * unit * (unit * g_plane).sum(-1, keepdims=True)) / np.sqrt(var + eps)
    tokens = (-1, d)
    dgamma = (up * c / np.sqrt(var + eps)).reshape(tokens).sum(0)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), up.reshape(tokens).sum(0).astype(dy.dtype)
