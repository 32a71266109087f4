import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    mu = wide.mean(axis=-1, keepdims=True)
    centred = wide - mu
    rstd = 1 / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + wide.dtype.type(eps))
    x_hat = centred * rstd
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, rstd, gamma)


def layernorm_backward(dy, cache):
    x_hat, rstd, gamma = cache
    up = dy.astype(x_hat.dtype)
    g = up * gamma
    dx = rstd * (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True))
    tokens = tuple(range(up.ndim - 1))
    return dx, (up * x_hat).sum(axis=tokens), up.sum(axis=tokens)
