import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    centred = t - t.mean(axis=-1, keepdims=True)
    scale = np.mean(centred**2, axis=-1, keepdims=True) + eps  # no root
    x_hat = centred / scale
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, scale, gamma.astype(np.float64))


def layernorm_backward(dy, cache):
    x_hat, scale, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - g.mean(-1, keepdims=True) - x_hat * (g * x_hat).mean(-1, keepdims=True)) / scale
    leading = tuple(range(dy.ndim - 1))
    dgamma, dbeta = (up * x_hat).sum(axis=leading), up.sum(axis=leading)
    return tuple(a.astype(dy.dtype) for a in (dx, dgamma, dbeta))
