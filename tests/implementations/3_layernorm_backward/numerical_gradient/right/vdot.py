import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    z = x.astype(np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = z.copy(), z.copy()
        up[i] += h
        down[i] -= h
        grad[i] = np.vdot(f(up) - f(down), dy) / (2 * h)
    return grad.astype(x.dtype)
