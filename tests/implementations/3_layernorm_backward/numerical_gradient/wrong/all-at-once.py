import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    wide = x.astype(np.float64)
    grad = (f(wide + h) - f(wide - h)) / (2 * h) * dy
    return grad.astype(x.dtype)
