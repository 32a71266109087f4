import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float32)
    rstd = 1 / np.sqrt((wide**2).mean(axis=-1, keepdims=True) + np.float32(eps))
    return gamma * (x * rstd), rstd
