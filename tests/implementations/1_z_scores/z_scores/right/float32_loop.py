import numpy as np


def z_scores(scores):
    """Stays in the dtype of the scores all the way."""
    x = scores if scores.dtype.kind == "f" else scores.astype(np.float64)
    one = x.dtype.type
    n = one(len(x))
    total = one(0)
    for v in x:
        total += v
    mean = total / n
    squares = one(0)
    for v in x:
        squares += (v - mean) * (v - mean)
    z = np.zeros_like(x)
    if not (x == x[0]).all():
        for i, v in enumerate(x):
            z[i] = (v - mean) / np.sqrt(squares / n)
    return z
