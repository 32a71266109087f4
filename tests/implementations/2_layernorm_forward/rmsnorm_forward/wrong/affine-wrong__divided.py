import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    square = (wide**2).mean(axis=-1, keepdims=True)
    y = wide / np.sqrt(square + eps) / gamma
    return y.astype(x.dtype), None
