import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    a = x.astype(np.float64)
    r = np.sqrt((a**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * a / r).astype(x.dtype), (a, gamma, eps, r)


def rmsnorm_backward(dy, cache):
    a, gamma, eps, r = cache
    up = dy.astype(np.float64)
    dx = np.empty_like(a)
    for place in np.ndindex(a.shape):
        h = 1e-5 * r[place[:-1] + (0,)]
        there, back = a.copy(), a.copy()
        there[place] += h
        back[place] -= h
        loss_there, loss_back = ((rmsnorm_forward(b, gamma, eps)[0] * up).sum() for b in (there, back))
        dx[place] = (loss_there - loss_back) / (2 * h)
    return dx.astype(dy.dtype), (up * a / r).sum(axis=tuple(range(dy.ndim - 1))).astype(dy.dtype)
