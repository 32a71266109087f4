import numpy as np


def standard_deviation(scores):
    work = np.array(scores, dtype=float)
    work -= work.mean()
    work *= work
    return np.sqrt(work.mean())
