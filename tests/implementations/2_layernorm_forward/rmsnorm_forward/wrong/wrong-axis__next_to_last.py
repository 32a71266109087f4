import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    square = (wide**2).mean(axis=-2, keepdims=True)
    y = gamma * wide / np.sqrt(square + eps)
    return y.astype(x.dtype), None
