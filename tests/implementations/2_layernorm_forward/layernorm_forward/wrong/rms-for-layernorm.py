import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype(np.float64)
    rms = np.sqrt(np.mean(z**2, axis=-1, keepdims=True) + eps)
    return (gamma * (z / rms) + beta).astype(x.dtype), (x, rms)
