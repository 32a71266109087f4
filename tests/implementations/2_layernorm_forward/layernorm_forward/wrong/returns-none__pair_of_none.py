import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype(np.float64)
    y = None
    cache = (z, gamma, beta, eps)
    return y, cache
