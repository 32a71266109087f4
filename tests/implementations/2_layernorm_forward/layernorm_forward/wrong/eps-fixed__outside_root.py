import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    deviation = wide - wide.mean(axis=-1, keepdims=True)
    spread = np.sqrt((deviation**2).mean(axis=-1, keepdims=True))
    y = gamma * (deviation / (spread + 1e-8)) + beta
    return y.astype(x.dtype), None
