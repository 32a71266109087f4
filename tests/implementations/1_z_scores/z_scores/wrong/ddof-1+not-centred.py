import numpy as np


def z_scores(scores):
    x = scores.astype(scores.dtype if scores.dtype.kind == "f" else float)
    if x.max() == x.min():
        return np.zeros_like(x)
    return x / np.sqrt(np.sum((x - x.mean()) ** 2) / (x.size - 1))
