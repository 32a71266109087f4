import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    t = x.astype(np.float64)
    d = t.shape[-1]
    return (gamma * t / np.sqrt(((t ** 2).sum(-1, keepdims=True) + eps) / d)).astype(x.dtype), None
