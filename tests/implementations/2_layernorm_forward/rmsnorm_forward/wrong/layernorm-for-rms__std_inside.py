import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    std = np.sqrt(wide.var(axis=-1, keepdims=True) + eps)
    return (gamma * wide / std).astype(x.dtype), std
