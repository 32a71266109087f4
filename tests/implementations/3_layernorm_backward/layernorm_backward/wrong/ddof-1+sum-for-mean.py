import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mu = wide.mean(axis=-1, keepdims=True)
    std = np.sqrt(wide.var(axis=-1, ddof=1, keepdims=True) + eps)
    y = gamma * (wide - mu) / std + beta
    return y.astype(x.dtype), (wide, mu, std, gamma)


def layernorm_backward(dy, cache):
    x, mu, std, gamma = cache
    up = dy.astype(np.float64)
    x_hat = (x - mu) / std
    g = up * gamma
    dx = (g - np.sum(g, axis=-1, keepdims=True) - x_hat * np.sum(g * x_hat, axis=-1, keepdims=True)) / std
    rows = up.reshape(-1, x.shape[-1])
    dgamma = (rows * x_hat.reshape(rows.shape)).sum(0)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), rows.sum(0).astype(dy.dtype)
