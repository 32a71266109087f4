import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """Statistics of each feature over all tokens."""
    z = x.astype(np.float64)
    leading = tuple(range(x.ndim - 1))
    mu = z.mean(axis=leading, keepdims=True)
    var = z.var(axis=leading, keepdims=True)
    return (gamma * (z - mu) / np.sqrt(var + eps) + beta).astype(x.dtype), (mu, var)
