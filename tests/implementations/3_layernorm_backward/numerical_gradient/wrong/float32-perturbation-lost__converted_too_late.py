import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    grad = np.zeros(x.shape, dtype=np.float64)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (np.float64((f(up) * dy).sum()) - np.float64((f(down) * dy).sum())) / (2 * h)
    return grad.astype(x.dtype)
