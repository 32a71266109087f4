import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    mu = np.mean(w, axis=-1, keepdims=True)
    s = np.sqrt(np.var(w, axis=-1, keepdims=True) + eps)
    cache = dict(x_hat=(w - mu) / s, s=s, gamma=gamma.astype(np.float64))
    return (gamma * cache["x_hat"] + beta).astype(x.dtype), cache


def layernorm_backward(dy, cache):
    """A Jacobian for every token: slow, and right."""
    d = dy.shape[-1]
    hats = cache["x_hat"].reshape(-1, d)
    scales = cache["s"].reshape(-1)
    ups = dy.reshape(-1, d).astype(np.float64)
    dx = np.empty(ups.shape)
    for t in range(len(ups)):
        J = (np.eye(d) - 1 / d - np.outer(hats[t], hats[t]) / d) / scales[t]
        dx[t] = J.T @ (ups[t] * cache["gamma"])
    return (
        dx.reshape(dy.shape).astype(dy.dtype),
        np.sum(ups * hats, axis=0).astype(dy.dtype),
        np.sum(ups, axis=0).astype(dy.dtype),
    )
