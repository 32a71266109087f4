import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    work = x if x.dtype == np.float64 else x.astype(np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        work[i] += h
        plus = np.sum(f(work) * dy)
        work[i] -= 2 * h
        minus = np.sum(f(work) * dy)
        work[i] += h
        grad[i] = (plus - minus) / (2 * h)
    return grad.astype(x.dtype)
