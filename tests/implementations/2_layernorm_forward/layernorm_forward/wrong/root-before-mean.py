import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    dev = wide - wide.mean(axis=-1, keepdims=True)
    std = np.linalg.norm(dev, axis=-1, keepdims=True) / x.shape[-1]
    y = gamma * dev / np.sqrt(std**2 + eps) + beta
    return y.astype(x.dtype), (dev, std, gamma)
