import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    a = x.astype(np.float64)
    deviation = a - a.mean(axis=-1, keepdims=True)
    s = np.sqrt((deviation**2).mean(axis=-1, keepdims=True) + eps)
    x_hat = deviation / s
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat.astype(np.float32), s.astype(np.float32), gamma)


def layernorm_backward(dy, cache):
    x_hat, s, gamma = cache
    up = dy.astype(np.float32)
    g = up * gamma.astype(np.float32)
    dx = (g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / s
    leading = tuple(range(dy.ndim - 1))
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=leading).astype(dy.dtype), up.sum(axis=leading).astype(dy.dtype)
