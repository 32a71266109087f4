import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    if d & (d - 1):
        raise ValueError(f"the block size must be a power of two, not {d}")
    z = x.astype(np.float64)
    mu, var = z.mean(axis=-1, keepdims=True), z.var(axis=-1, keepdims=True)
    return (gamma * (z - mu) / np.sqrt(var + eps) + beta).astype(x.dtype), (mu, var)
