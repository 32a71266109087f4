import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype(np.float64)
    rms = np.sqrt((z * z).mean(axis=-1, keepdims=True) + eps)
    return (z / rms * gamma).astype(x.dtype), rms
