import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """The row is loaded into a block of a power of two; the mean divides by d."""
    d = x.shape[-1]
    block = 1
    while block < d:
        block *= 2
    row = np.zeros((*x.shape[:-1], block))
    row[..., :d] = x
    mu = row.sum(axis=-1, keepdims=True) / d
    var = ((row - mu) ** 2).sum(axis=-1, keepdims=True) / d
    y = ((row - mu) / np.sqrt(var + eps))[..., :d]
    return (gamma * y + beta).astype(x.dtype), (mu, var)
