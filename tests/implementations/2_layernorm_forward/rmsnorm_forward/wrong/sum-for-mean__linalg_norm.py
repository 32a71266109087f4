import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    length = np.sqrt(np.linalg.norm(wide, axis=-1, keepdims=True) ** 2 + eps)
    return (gamma * wide / length).astype(x.dtype), length
