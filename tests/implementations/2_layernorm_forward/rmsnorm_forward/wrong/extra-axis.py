import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    tokens = wide[None] if x.ndim == 1 else wide
    rms = np.sqrt((tokens**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * tokens / rms).astype(x.dtype), rms
