import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype(np.float32)
    mu = z.mean(axis=-1, keepdims=True)
    sigma = np.sqrt(z.var(axis=-1, keepdims=True) + np.float32(eps))
    x_hat = (z - mu) / sigma
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, sigma, gamma.astype(np.float32))


def layernorm_backward(dy, cache):
    x_hat, sigma, gamma = cache
    up = dy.astype(np.float32)
    g = up * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / sigma
    tokens = tuple(range(up.ndim - 1))
    return dx, (up * x_hat).sum(axis=tokens), up.sum(axis=tokens)
