import numpy as np


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
    d = x_hat.shape[-1]
    d_variance = (g * centred * -0.5 * std**-3).sum(-1, keepdims=True)
    d_mean = -(g / std).sum(-1, keepdims=True)
    dx = g / std + d_variance * 2 * centred / d + d_mean
    return dx.astype(dtype), (dy * x_hat).sum(over).astype(dtype), dy.sum(over).astype(dtype)
