import numpy as np


def z_scores(scores):
    x = np.asarray(scores, dtype=np.float64)
    if x.max() == x.min():
        return np.zeros_like(x)
    return (x - x.mean()) / x.std()
