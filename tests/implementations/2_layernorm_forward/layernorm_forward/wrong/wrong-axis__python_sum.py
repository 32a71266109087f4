import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    d = x.shape[-1]
    mu = sum(t) / d
    var = sum((t - mu) ** 2) / d
    y = gamma * (t - mu) / np.sqrt(var + eps) + beta
    return y.astype(x.dtype), None
