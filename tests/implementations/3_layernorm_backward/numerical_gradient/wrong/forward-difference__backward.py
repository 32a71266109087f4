import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    x64 = x.astype(np.float64, order="C", copy=True)
    base = np.sum(f(x64) * dy)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        down = x64.copy()
        down[i] -= h
        grad[i] = (base - np.sum(f(down) * dy)) / h
    return grad.astype(x.dtype)
