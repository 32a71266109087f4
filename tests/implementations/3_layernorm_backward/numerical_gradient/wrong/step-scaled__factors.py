import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    z = x.astype(np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = z.copy(), z.copy()
        up[i] *= 1 + h
        down[i] *= 1 - h
        grad[i] = np.sum((f(up) - f(down)) * dy) / (2 * h)
    return grad.astype(x.dtype)
