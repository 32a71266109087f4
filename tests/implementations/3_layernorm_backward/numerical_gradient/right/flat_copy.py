import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    flat = x.astype(np.float64).ravel()
    slopes = []
    for k in range(flat.size):
        up = flat.copy()
        down = flat.copy()
        up[k] += h
        down[k] -= h
        slopes.append(np.vdot(f(up.reshape(x.shape)) - f(down.reshape(x.shape)), dy) / (2.0 * h))
    return np.array(slopes).reshape(x.shape).astype(x.dtype)
