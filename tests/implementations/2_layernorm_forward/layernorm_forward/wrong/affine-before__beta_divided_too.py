import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    d = t - t.mean(-1, keepdims=True)
    return ((d * gamma + beta) / np.sqrt((d ** 2).mean(-1, keepdims=True) + eps)).astype(x.dtype), None
