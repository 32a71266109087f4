import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    kind = np.float32 if x.dtype == np.float16 else x.dtype
    w = x.astype(kind)
    mu = w.mean(axis=-1, keepdims=True)
    var = (w * w).mean(axis=-1, keepdims=True) - mu * mu
    rstd = 1 / np.sqrt(var + kind.type(eps) if hasattr(kind, "type") else var + kind(eps))
    xhat = (w - mu) * rstd
    return (xhat * gamma + beta).astype(x.dtype), (xhat, rstd, gamma)


def layernorm_backward(dy, cache):
    xhat, rstd, gamma = cache
    up = dy.astype(xhat.dtype)
    g = up * gamma
    dx = rstd * (g - g.mean(-1, keepdims=True) - xhat * (g * xhat).mean(-1, keepdims=True))
    d = dy.shape[-1]
    return dx.astype(dy.dtype), (up * xhat).reshape(-1, d).sum(0).astype(dy.dtype), up.reshape(-1, d).sum(0).astype(dy.dtype)
