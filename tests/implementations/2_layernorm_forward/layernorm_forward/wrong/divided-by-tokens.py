import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    deviation = wide - wide.sum(axis=-1, keepdims=True) / len(x)
    variance = (deviation**2).sum(axis=-1, keepdims=True) / len(x)
    y = gamma * deviation / np.sqrt(variance + eps) + beta
    return y.astype(x.dtype), None
