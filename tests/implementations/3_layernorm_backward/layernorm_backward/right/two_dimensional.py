import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    rows = x.reshape(-1, d).astype(float)
    mu = rows.mean(1)[:, None]
    rstd = 1.0 / np.sqrt(((rows - mu) ** 2).mean(1)[:, None] + eps)
    xhat = (rows - mu) * rstd
    y = (xhat * gamma + beta).reshape(x.shape).astype(x.dtype)
    return y, (xhat, rstd, gamma.astype(float))


def layernorm_backward(dy, cache):
    xhat, rstd, gamma = cache
    N, D = xhat.shape
    up = dy.reshape(N, D).astype(float)
    dxhat = up * gamma
    dx = rstd / D * (D * dxhat - dxhat.sum(1, keepdims=True) - xhat * (dxhat * xhat).sum(1, keepdims=True))
    dgamma = np.ones(N) @ (up * xhat)
    dbeta = np.ones(N) @ up
    return dx.reshape(dy.shape).astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
