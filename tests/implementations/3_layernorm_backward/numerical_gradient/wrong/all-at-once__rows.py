import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    wide = x.astype(np.float64)
    gradient = np.zeros(x.shape)
    for place in range(len(x)):
        above, below = wide.copy(), wide.copy()
        above[place] += h
        below[place] -= h
        gradient[place] = np.sum((f(above) - f(below)) * dy) / (2 * h)
    return gradient.astype(x.dtype)
