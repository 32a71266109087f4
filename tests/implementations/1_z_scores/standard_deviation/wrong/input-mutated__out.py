import numpy as np


def standard_deviation(scores):
    if scores.dtype.kind != "f":
        scores = scores.astype(float)
    np.subtract(scores, scores.mean(), out=scores)
    return np.sqrt(np.mean(scores**2))
