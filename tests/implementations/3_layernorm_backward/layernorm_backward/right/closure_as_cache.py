import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = np.asarray(x, np.float64).copy()
    w -= w.mean(axis=-1, keepdims=True)
    scale = 1 / np.sqrt((w**2).mean(axis=-1, keepdims=True) + eps)
    w *= scale

    def pull_back(dy):
        g = dy * gamma.astype(np.float64)
        dx = g - g.mean(axis=-1, keepdims=True)
        dx -= w * (g * w).mean(axis=-1, keepdims=True)
        dx *= scale
        axes = tuple(range(w.ndim))[:-1]
        return dx, np.add.reduce(dy * w, axis=axes), np.add.reduce(dy.astype(np.float64), axis=axes)

    return (w * gamma + beta).astype(x.dtype), pull_back


def layernorm_backward(dy, cache):
    dx, dgamma, dbeta = cache(dy)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
