import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    """Gradient of the sum of the outputs."""
    wide = np.array(x, dtype=np.float64)
    out = np.zeros_like(wide)
    for i in np.ndindex(wide.shape):
        step = np.zeros_like(wide)
        step[i] = h
        out[i] = (f(wide + step).sum() - f(wide - step).sum()) / (2 * h)
    return out.astype(x.dtype)
