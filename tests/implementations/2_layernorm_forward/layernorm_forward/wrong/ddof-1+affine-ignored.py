import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=-1, keepdims=True, dtype=np.float64)
    var = np.var(x, axis=-1, keepdims=True, dtype=np.float64, ddof=1)
    return ((x - mu) / np.sqrt(var + eps) * gamma).astype(x.dtype), (mu, var)
