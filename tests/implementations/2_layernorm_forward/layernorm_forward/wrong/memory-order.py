import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """Walks through memory, row after row."""
    d = x.shape[-1]
    rows = x.ravel(order="K").reshape(-1, d).astype(np.float64)
    mu = rows.mean(axis=1, keepdims=True)
    var = rows.var(axis=1, keepdims=True)
    y = gamma * (rows - mu) / np.sqrt(var + eps) + beta
    return y.reshape(x.shape).astype(x.dtype), (mu, var)
