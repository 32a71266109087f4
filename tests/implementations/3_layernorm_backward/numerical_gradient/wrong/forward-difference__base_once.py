import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    x = np.array(x, dtype=x.dtype)
    wide = x.astype(float)
    base = (f(wide) * dy).sum()
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        moved = wide.copy()
        moved[i] += h
        grad[i] = ((f(moved) * dy).sum() - base) / h
    return grad.astype(x.dtype)
