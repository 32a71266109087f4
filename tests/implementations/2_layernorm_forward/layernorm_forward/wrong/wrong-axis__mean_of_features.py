import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = np.asarray(x, dtype=np.float64)
    mean = wide.mean(axis=0)
    var = ((wide - mean) ** 2).mean(axis=-1, keepdims=True)
    return (gamma * (wide - mean) / np.sqrt(var + eps) + beta).astype(x.dtype), (mean, var)
