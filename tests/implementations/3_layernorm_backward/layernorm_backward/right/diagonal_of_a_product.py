import numpy as np


def flat(values):
    return values.reshape(-1, values.shape[-1])


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    centred = wide - wide.mean(-1, keepdims=True)
    std = np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    x_hat = centred / std
    return (gamma * x_hat + beta).astype(x.dtype), (centred, x_hat, std, gamma)


def layernorm_backward(dy, cache):
    centred, x_hat, std, gamma = cache
    dy, dtype = dy.astype(np.float64), dy.dtype
    over = tuple(range(dy.ndim - 1))
    g = dy * gamma
    dx = (g - g.mean(-1, keepdims=True) - x_hat * (g * x_hat).mean(-1, keepdims=True)) / std
    return dx.astype(dtype), np.diag(flat(dy).T @ flat(x_hat)).astype(dtype), flat(dy).sum(0).astype(dtype)
