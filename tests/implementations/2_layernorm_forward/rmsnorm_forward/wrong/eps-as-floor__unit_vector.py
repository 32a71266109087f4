import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-12):
    wide = x.astype(np.float64)
    length = np.linalg.norm(wide, axis=-1, keepdims=True)
    unit = wide / np.maximum(length, eps)
    return (gamma * unit * x.shape[-1] ** 0.5).astype(x.dtype), None
