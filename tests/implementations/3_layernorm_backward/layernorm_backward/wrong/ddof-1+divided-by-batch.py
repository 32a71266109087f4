import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    s = np.sqrt(wide.var(axis=-1, keepdims=True, ddof=1) + eps)
    x_hat = (wide - wide.mean(axis=-1, keepdims=True)) / s
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, s, gamma)


def layernorm_backward(dy, cache):
    x_hat, s, gamma = cache
    tokens = tuple(range(dy.ndim - 1))
    up = dy.astype(np.float64)
    g = up * gamma
    dgamma, dbeta = (up * x_hat).mean(axis=tokens), up.mean(axis=tokens)
    dx = (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / s
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
