import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mean = wide.mean(axis=-1, keepdims=True)
    rstd = 1 / np.sqrt(wide.var(axis=-1, keepdims=True) + eps)
    x_hat = (wide - mean) * rstd
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, rstd, gamma)


def layernorm_backward(dy, cache):
    x_hat, rstd, gamma = cache
    d = dy.shape[-1]
    up = dy.astype(np.float64)
    g = up * gamma
    c1 = np.sum(g, axis=-1, keepdims=True) / d
    c2 = np.sum(g * x_hat, axis=-1, keepdims=True) / d
    dx = (g - c1 - x_hat * c2) / rstd
    dgamma = (up * x_hat).reshape(-1, d).sum(axis=0)
    dbeta = up.reshape(-1, d).sum(axis=0)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
