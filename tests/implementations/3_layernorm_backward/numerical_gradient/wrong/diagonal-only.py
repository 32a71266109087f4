import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    wide = np.array(x, dtype=np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = wide.copy(), wide.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up)[i] - f(down)[i]) * dy[i] / (2 * h)
    return grad.astype(x.dtype)
