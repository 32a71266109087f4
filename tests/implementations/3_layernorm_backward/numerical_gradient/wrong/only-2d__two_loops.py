import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    grad = np.zeros(x.shape)
    base = np.array(x, dtype=np.float64)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            e = np.zeros(x.shape)
            e[i, j] = h
            grad[i, j] = (f(base + e) * dy - f(base - e) * dy).sum() / (2 * h)
    return grad.astype(x.dtype)
