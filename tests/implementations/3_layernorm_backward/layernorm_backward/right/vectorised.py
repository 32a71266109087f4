import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mu = wide.mean(axis=-1, keepdims=True)
    sigma = np.sqrt(wide.var(axis=-1, keepdims=True) + eps)
    x_hat = (wide - mu) / sigma
    y = gamma * x_hat + beta
    return y.astype(x.dtype), (x_hat, sigma, gamma, x.dtype)


def layernorm_backward(dy, cache):
    x_hat, sigma, gamma, dtype = cache
    dy = dy.astype(np.float64)
    g = dy * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / sigma
    leading = tuple(range(dy.ndim - 1))
    dgamma = (dy * x_hat).sum(axis=leading)
    dbeta = dy.sum(axis=leading)
    return dx.astype(dtype), dgamma.astype(dtype), dbeta.astype(dtype)
