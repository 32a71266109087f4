import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    work = x.astype(np.float64)
    flat = work.reshape(-1)
    grad = np.zeros(flat.size)
    for k in range(flat.size):
        old = flat[k]
        flat[k] = old + h
        plus = (f(work) * dy).sum()
        flat[k] = old - h
        minus = (f(work) * dy).sum()
        flat[k] = old
        grad[k] = (plus - minus) / (2 * h)
    return grad.reshape(x.shape).astype(x.dtype)
