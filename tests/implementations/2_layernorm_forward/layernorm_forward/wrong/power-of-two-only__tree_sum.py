import numpy as np


def tree_sum(values):
    """Adds the two halves of the last axis until one number is left."""
    while values.shape[-1] > 1:
        half = values.shape[-1] // 2
        values = values[..., :half] + values[..., half : 2 * half]
    return values


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype(np.float64)
    d = x.shape[-1]
    mu = tree_sum(z) / d
    var = tree_sum((z - mu) ** 2) / d
    return (gamma * (z - mu) / np.sqrt(var + eps) + beta).astype(x.dtype), (mu, var)
