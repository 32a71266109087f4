import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    a = x.astype(np.float64)
    deviation = a - a.mean(axis=-1, keepdims=True)
    sigma = np.sqrt((deviation**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * deviation / sigma + beta).astype(x.dtype), (a, gamma, beta, eps, sigma, deviation / sigma)


def layernorm_backward(dy, cache):
    a, gamma, beta, eps, sigma, x_hat = cache
    up = dy.astype(np.float64)
    dx = np.empty_like(a)
    for j in range(a.shape[-1]):
        step = np.zeros_like(a)
        step[..., j] = 1e-5 * sigma[..., 0]
        there, _ = layernorm_forward(a + step, gamma, beta, eps)
        back, _ = layernorm_forward(a - step, gamma, beta, eps)
        dx[..., j] = ((there - back) * up).sum(axis=-1) / (2e-5 * sigma[..., 0])
    leading = tuple(range(dy.ndim - 1))
    return dx.astype(dy.dtype), (up * x_hat).sum(axis=leading).astype(dy.dtype), up.sum(axis=leading).astype(dy.dtype)
