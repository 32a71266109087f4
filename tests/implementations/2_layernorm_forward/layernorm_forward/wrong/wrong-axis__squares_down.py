import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    centred = t - t.mean(axis=-1, keepdims=True)
    var = np.mean(centred**2, axis=0, keepdims=True)
    y = gamma * centred / np.sqrt(var + eps) + beta
    return y.astype(x.dtype), (centred, var)
