import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    rms = np.sqrt((wide**2).mean(axis=-1, keepdims=True))
    y = gamma * (wide / rms) * (rms / np.sqrt(rms**2 + eps))
    return y.astype(x.dtype), rms
