import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-8):
    wide = x.astype(np.float64)
    root = np.linalg.norm(wide, axis=-1, keepdims=True) / np.sqrt(x.shape[-1])
    return (gamma * (wide / (root + eps))).astype(x.dtype), None
