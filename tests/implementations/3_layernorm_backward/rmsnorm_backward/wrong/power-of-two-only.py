import numpy as np


def total(a):
    while a.shape[-1] > 1:
        half = a.shape[-1] // 2
        a = a[..., :half] + a[..., half : 2 * half]
    return a


def rmsnorm_forward(x, gamma, eps=1e-5):
    w = x.astype(np.float64)
    r = np.sqrt(total(w * w) / x.shape[-1] + eps)
    return (w / r * gamma).astype(x.dtype), (w / r, r, gamma)


def rmsnorm_backward(dy, cache):
    n, r, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - n * total(g * n) / n.shape[-1]) / r
    return dx.astype(dy.dtype), (up * n).sum(axis=tuple(range(n.ndim - 1))).astype(dy.dtype)
