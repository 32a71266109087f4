import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    d = x.shape[-1]
    block = 1
    while block < d:
        block *= 2
    row = np.zeros((*x.shape[:-1], block))
    row[..., :d] = wide
    rms = np.sqrt((row**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * (row / rms)[..., :d]).astype(x.dtype), rms
