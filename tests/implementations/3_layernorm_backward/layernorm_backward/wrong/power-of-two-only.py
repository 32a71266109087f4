import numpy as np


def row_mean(a):
    """Adds halves to each other, as a parallel reduction does."""
    d = a.shape[-1]
    while a.shape[-1] > 1:
        half = a.shape[-1] // 2
        a = a[..., :half] + a[..., half : 2 * half]
    return a / d


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    c = w - row_mean(w)
    s = np.sqrt(row_mean(c * c) + eps)
    return (c / s * gamma + beta).astype(x.dtype), (c / s, s, gamma)


def layernorm_backward(dy, cache):
    n, s, gamma = cache
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - row_mean(g) - n * row_mean(g * n)) / s
    lead = tuple(range(dy.ndim - 1))
    return dx.astype(dy.dtype), (up * n).sum(lead).astype(dy.dtype), up.sum(lead).astype(dy.dtype)
