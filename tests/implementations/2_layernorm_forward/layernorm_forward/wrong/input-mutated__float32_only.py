import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    y = x.astype(np.float32, copy=False)
    y -= y.mean(axis=-1, keepdims=True)
    y /= np.sqrt(np.mean(np.square(y), axis=-1, keepdims=True) + np.float32(eps))
    return (gamma * y + beta).astype(x.dtype), y
