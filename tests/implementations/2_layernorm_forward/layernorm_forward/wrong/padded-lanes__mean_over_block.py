import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    block = 1 << (d - 1).bit_length()
    z = x.astype(np.float64)
    mu = z.sum(axis=-1, keepdims=True) / block
    var = ((z - mu) ** 2).sum(axis=-1, keepdims=True) / d
    return (gamma * (z - mu) / np.sqrt(var + eps) + beta).astype(x.dtype), (mu, var)
