import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    return (gamma * wide / ((wide**2).mean(axis=-1, keepdims=True) + eps)).astype(x.dtype), gamma
