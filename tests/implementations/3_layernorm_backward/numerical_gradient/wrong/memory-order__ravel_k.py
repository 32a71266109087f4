import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    grad = []
    wide = np.ascontiguousarray(x, dtype=np.float64)
    for k in range(x.size):
        e = np.zeros(x.size)
        e[k] = h
        e = e.reshape(x.shape)
        change = (f(wide + e) - f(wide - e)).ravel()
        grad.append(change @ dy.ravel("K") / (2 * h))
    return np.array(grad, dtype=x.dtype).reshape(x.shape)
