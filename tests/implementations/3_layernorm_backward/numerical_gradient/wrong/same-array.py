import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        above = x
        above[place] += h
        below = x
        below[place] -= h
        gradient[place] = np.sum((f(above) - f(below)) * dy) / (2 * h)
    return gradient
