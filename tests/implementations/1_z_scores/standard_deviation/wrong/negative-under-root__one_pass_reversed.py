import numpy as np


def standard_deviation(scores):
    return np.sqrt(scores.mean() ** 2 - (scores**2).mean())
