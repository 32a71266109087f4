import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    a = x.astype(np.float64)
    x_hat = a / np.sqrt((a**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * x_hat).astype(x.dtype), (a, gamma, eps, x_hat)


def rmsnorm_backward(dy, cache):
    a, gamma, eps, x_hat = cache
    up = dy.astype(np.float64)
    dx, h = np.empty_like(a), 1e-6
    for j in range(a.shape[-1]):
        step = np.zeros(a.shape[-1])
        step[j] = h
        there, _ = rmsnorm_forward(a + step, gamma, eps)
        back, _ = rmsnorm_forward(a - step, gamma, eps)
        dx[..., j] = ((there - back) * up).sum(axis=-1) / (2 * h)
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=tuple(range(dy.ndim - 1))).astype(dy.dtype)
