import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    block = 1 << (d - 1).bit_length()
    row = np.concatenate([x.astype(np.float64), np.zeros((*x.shape[:-1], block - d))], axis=-1)
    mu = row.sum(axis=-1, keepdims=True) / d
    var = ((row - mu) ** 2).mean(axis=-1, keepdims=True)
    y = (row - mu)[..., :d] / np.sqrt(var + eps)
    return (gamma * y + beta).astype(x.dtype), (mu, var)
