import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    """Divides by the step that was taken after rounding."""
    base = np.asarray(x, dtype=np.float64)
    wide_dy = np.asarray(dy, dtype=np.float64)
    grad = np.zeros(base.shape)
    for where, value in np.ndenumerate(base):
        up, down = base.copy(), base.copy()
        up[where], down[where] = value + h, value - h
        grad[where] = np.sum((f(up) - f(down)) * wide_dy) / (up[where] - down[where])
    return grad.astype(x.dtype)
