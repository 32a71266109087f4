import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    """Moves x itself when it is float64 and puts the stored value back."""
    work = x if x.dtype == np.float64 else x.astype(np.float64)
    grad = np.empty_like(work)
    it = np.nditer(work, flags=["multi_index"])
    while not it.finished:
        ix = it.multi_index
        kept = work[ix]
        try:
            work[ix] = kept + h
            up = (f(work) * dy).sum()
            work[ix] = kept - h
            down = (f(work) * dy).sum()
        finally:
            work[ix] = kept
        grad[ix] = (up - down) / h / 2
        it.iternext()
    return grad.astype(x.dtype, copy=False)
