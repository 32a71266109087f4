import numpy as np


def standard_deviation(scores):
    return np.sqrt(np.mean(np.asarray(scores, dtype=float) ** 2))
