import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    d = x.shape[-1]
    assert d & (d - 1) == 0, "the width must be a power of two"
    rms = np.sqrt((wide**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * wide / rms).astype(x.dtype), rms
