import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    mu = w.mean(axis=1, keepdims=True)
    ivar = 1 / np.sqrt(((w - mu) ** 2).mean(axis=1, keepdims=True) + eps)
    xhat = (w - mu) * ivar
    return (gamma * xhat + beta).astype(x.dtype), (xhat, ivar, gamma)


def layernorm_backward(dout, cache):
    xhat, ivar, gamma = cache
    N, D = dout.shape
    up = dout.astype(np.float64)
    dxhat = up * gamma
    dx = ivar / D * (D * dxhat - dxhat.sum(axis=1).reshape(N, 1) - xhat * (dxhat * xhat).sum(axis=1).reshape(N, 1))
    return dx.astype(dout.dtype), (up * xhat).sum(axis=0).astype(dout.dtype), up.sum(axis=0).astype(dout.dtype)
