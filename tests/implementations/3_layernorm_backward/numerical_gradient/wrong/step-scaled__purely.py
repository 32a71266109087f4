import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    z = x.astype(np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = h * z[i]
        up, down = z.copy(), z.copy()
        up[i] += step
        down[i] -= step
        grad[i] = np.sum((f(up) - f(down)) * dy) / (2 * step)
    return grad.astype(x.dtype)
