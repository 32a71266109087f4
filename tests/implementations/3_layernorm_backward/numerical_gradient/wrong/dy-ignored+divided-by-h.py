import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    wide = x.astype(np.float64)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = wide.copy(), wide.copy()
        up[place] += h
        down[place] -= h
        slopes[place] = np.sum(f(up) - f(down)) / h
    return slopes.astype(x.dtype)
