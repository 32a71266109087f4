import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    h = np.array(x, dtype=np.float64)
    h -= h.mean(axis=-1, keepdims=True)
    s = np.sqrt(np.square(h).mean(axis=-1, keepdims=True) + eps)
    h /= s
    y = h * gamma
    y += beta
    return y.astype(x.dtype), (h, s, np.array(gamma), x.dtype)


def layernorm_backward(dy, cache):
    h, s, gamma, dtype = cache
    dbeta = dy.astype(np.float64)
    dgamma = dbeta * h
    dx = dbeta * gamma
    along = h.copy()
    along *= (dx * h).mean(axis=-1, keepdims=True)
    dx -= dx.mean(axis=-1, keepdims=True)
    dx -= along
    dx /= s
    while dgamma.ndim > 1:
        dgamma = dgamma.sum(axis=0)
        dbeta = dbeta.sum(axis=0)
    return dx.astype(dtype), dgamma.astype(dtype), dbeta.astype(dtype)
