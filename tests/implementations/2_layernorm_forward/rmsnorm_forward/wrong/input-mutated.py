import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    rms = np.sqrt(np.mean(x.astype(np.float64) ** 2, axis=-1, keepdims=True) + eps)
    x /= rms.astype(x.dtype)
    return (gamma * x).astype(x.dtype), (x, rms)
