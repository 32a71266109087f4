import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-12):
    wide = x.astype(np.float64)
    deviation = wide - wide.mean(axis=-1, keepdims=True)
    variance = (deviation**2).mean(axis=-1, keepdims=True)
    y = gamma * deviation / np.sqrt(variance + eps) + beta
    return y.astype(x.dtype), None
