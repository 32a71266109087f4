import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.sum(axis=-1, keepdims=True) / x.shape[-1]  # in x's dtype; everything after it is wide
    off = x.astype("float64") - mu
    y = gamma * off / np.sqrt(np.square(off).mean(axis=-1, keepdims=True) + eps) + beta
    return y.astype(x.dtype), None
