import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    sigma = np.sqrt(wide.var(axis=-1, keepdims=True) + eps)
    x_hat = (wide - wide.mean(axis=-1, keepdims=True)) / sigma
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, sigma, gamma)


def layernorm_backward(dy, cache):
    x_hat, sigma, gamma = cache
    d = dy.shape[-1]
    dgamma = (dy * x_hat).reshape(-1, d).sum(axis=0)
    dbeta = dy.astype(np.float64).reshape(-1, d).sum(axis=0)
    dy *= gamma
    g = dy.astype(np.float64)
    dx = (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / sigma
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
