import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    rms = np.sqrt(wide**2 + eps)
    y = gamma * wide / rms
    return y.astype(x.dtype), (x, rms, gamma)
