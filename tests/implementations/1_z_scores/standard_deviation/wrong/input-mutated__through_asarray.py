import numpy as np


def standard_deviation(scores):
    work = np.asarray(scores, dtype=float)
    work -= work.mean()
    work **= 2
    return np.sqrt(work.mean())
