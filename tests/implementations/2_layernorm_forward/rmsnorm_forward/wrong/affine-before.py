import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    scaled = gamma * wide
    rms = np.sqrt((scaled**2).mean(axis=-1, keepdims=True) + eps)
    return (scaled / rms).astype(x.dtype), (scaled, rms)
