import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    d = x.shape[-1]
    rows = x.reshape(-1, d)
    rstd = 1 / np.sqrt(np.mean(rows.astype(float) ** 2, axis=1, keepdims=True) + eps)
    return (rows * rstd * gamma).reshape(x.shape).astype(x.dtype), {"rows": rows.copy(), "rstd": rstd, "gamma": gamma}


def rmsnorm_backward(dy, cache):
    rows, rstd, gamma = cache["rows"], cache["rstd"], cache["gamma"]
    d = rows.shape[1]
    up = dy.reshape(-1, d)
    g = up * gamma
    dot = np.sum(g * rows, axis=1, keepdims=True)
    dx = rstd * g - rows * rstd**3 * dot / d
    dgamma = np.sum(up * rows * rstd, axis=0)
    return dx.reshape(dy.shape).astype(dy.dtype), dgamma.astype(dy.dtype)
