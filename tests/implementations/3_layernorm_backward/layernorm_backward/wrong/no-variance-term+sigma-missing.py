import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mu = wide.mean(axis=-1, keepdims=True)
    sigma = np.sqrt(wide.var(axis=-1, keepdims=True) + eps)
    x_hat = (wide - mu) / sigma
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, gamma)


def layernorm_backward(dy, cache):
    x_hat, gamma = cache
    up = dy.astype(np.float64)
    dx = up * gamma
    dx -= dx.mean(axis=-1, keepdims=True)
    tokens = tuple(range(up.ndim - 1))
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=tokens).astype(dy.dtype), up.sum(axis=tokens).astype(dy.dtype)
