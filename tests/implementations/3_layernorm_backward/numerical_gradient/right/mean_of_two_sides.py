import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    z = x.astype(np.float64)
    grad = np.zeros(x.shape)
    L = lambda t: np.sum(f(t) * dy)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        grad[i] = ((L(z + e) - L(z)) / h + (L(z) - L(z - e)) / h) / 2
    return grad.astype(x.dtype)
