import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    n = t.shape[-1]
    d = t - t.mean(-1, keepdims=True)
    var = ((d ** 2).sum(-1, keepdims=True) + eps) / n
    return (gamma * d / np.sqrt(var) + beta).astype(x.dtype), None
