import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    x64 = x.astype(np.float64, order="C", copy=True)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = x64[i]
        x64[i] = old + h
        plus = np.sum(f(x64) * dy)
        x64[i] = old - h
        minus = np.sum(f(x64) * dy)
        x64[i] = old
        grad[i] = (plus - minus) / 2 * h
    return grad.astype(x.dtype)
