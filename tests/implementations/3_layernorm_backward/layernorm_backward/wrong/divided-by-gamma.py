import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    std = np.sqrt(t.var(-1, keepdims=True) + eps)
    y = gamma * ((t - t.mean(-1, keepdims=True)) / std) + beta
    return y.astype(x.dtype), (y, std, gamma, beta)


def layernorm_backward(dy, cache):
    y, std, gamma, beta = cache
    x_hat = (y - beta) / gamma
    up = dy.astype(np.float64)
    over = tuple(range(dy.ndim - 1))
    g = up * gamma
    dx = (g - g.mean(-1, keepdims=True) - x_hat * (g * x_hat).mean(-1, keepdims=True)) / std
    return dx.astype(dy.dtype), (up * x_hat).sum(over).astype(dy.dtype), up.sum(over).astype(dy.dtype)
