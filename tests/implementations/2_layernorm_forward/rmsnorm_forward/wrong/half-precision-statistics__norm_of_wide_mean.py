import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    mean_square = np.mean(np.square(x, dtype=np.float32), axis=-1, keepdims=True).astype(x.dtype)
    return (gamma * (x / np.sqrt(mean_square + eps))).astype(x.dtype), mean_square
