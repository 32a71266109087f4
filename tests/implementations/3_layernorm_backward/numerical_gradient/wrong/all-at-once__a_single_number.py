import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    wide = x.astype(np.float64)
    return (np.sum(f(wide + h) * dy) - np.sum(f(wide - h) * dy)) / (2 * h)
