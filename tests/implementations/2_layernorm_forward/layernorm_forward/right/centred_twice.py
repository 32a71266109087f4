import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = np.float32(x) if x.dtype == np.float16 else x
    mu = np.mean(t, axis=-1, keepdims=True)
    d = t - mu
    d = d - np.mean(d, axis=-1, keepdims=True)
    var = np.mean(np.square(d), axis=-1, keepdims=True)
    y = np.multiply(gamma, d / np.sqrt(var + eps)) + beta
    return y.astype(x.dtype), None
