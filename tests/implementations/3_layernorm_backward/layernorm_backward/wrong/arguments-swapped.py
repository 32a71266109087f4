import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mu = wide.mean(axis=-1, keepdims=True)
    sigma = np.sqrt(wide.var(axis=-1, keepdims=True) + eps)
    x_hat = (wide - mu) / sigma
    y = gamma * x_hat + beta
    return y.astype(x.dtype), (x_hat, sigma, gamma)


def layernorm_backward(cache, dy):
    x_hat, sigma, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / sigma
    tokens = tuple(range(up.ndim - 1))
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=tokens).astype(dy.dtype), up.sum(axis=tokens).astype(dy.dtype)
