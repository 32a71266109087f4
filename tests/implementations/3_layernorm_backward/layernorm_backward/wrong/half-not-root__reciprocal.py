import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    deviation = wide - wide.mean(axis=-1, keepdims=True)
    root = 1 / (((deviation**2).mean(axis=-1, keepdims=True) + eps) ** -1/2)
    x_hat = deviation / root
    y = gamma * x_hat + beta
    return y.astype(x.dtype), (x_hat, root, gamma.copy())


def layernorm_backward(dy, cache):
    x_hat, root, gamma = cache
    upstream = dy.astype(np.float64)
    g = upstream * gamma
    along_one = g.mean(axis=-1, keepdims=True)
    along_x_hat = (g * x_hat).mean(axis=-1, keepdims=True)
    dx = (g - along_one - x_hat * along_x_hat) / root
    tokens = tuple(range(dy.ndim - 1))
    dgamma = (upstream * x_hat).sum(axis=tokens)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), upstream.sum(axis=tokens).astype(dy.dtype)
