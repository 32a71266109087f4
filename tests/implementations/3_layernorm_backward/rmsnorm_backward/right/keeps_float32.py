import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    rstd = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + x.dtype.type(eps))
    return x * rstd * gamma, (x.copy(), rstd, gamma)


def rmsnorm_backward(dy, cache):
    x, rstd, gamma = cache
    n = x * rstd
    g = dy * gamma
    dx = rstd * (g - n * np.mean(g * n, axis=-1, keepdims=True))
    dgamma = dy * n
    for _ in range(x.ndim - 1):
        dgamma = dgamma.sum(axis=0)
    return dx, dgamma
