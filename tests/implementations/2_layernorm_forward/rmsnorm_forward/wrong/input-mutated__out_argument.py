import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    rms = np.sqrt(np.mean(np.square(x, dtype=np.float64), axis=-1, keepdims=True) + eps)
    y = np.divide(x, rms, out=x, casting="same_kind")
    return (y * gamma).astype(x.dtype), rms
