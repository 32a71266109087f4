import numpy as np


def z_scores(scores):
    own = scores.dtype if scores.dtype.kind == "f" else np.dtype(float)
    if scores.max() == scores.min():
        return np.zeros(scores.shape, own)
    x = scores.astype(own, copy=False)
    x -= x.mean()
    return x / np.sqrt(np.mean(x**2))
