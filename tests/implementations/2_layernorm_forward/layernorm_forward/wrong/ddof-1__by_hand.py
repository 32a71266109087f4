import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    work = np.promote_types(x.dtype, np.float32)
    z = x.astype(work)
    d = x.shape[-1]
    dev = z - z.sum(axis=-1, keepdims=True) / d
    var = (dev**2).sum(axis=-1, keepdims=True) / (d - 1)
    return (gamma * dev / np.sqrt(var + eps) + beta).astype(x.dtype), (dev, var)
