import numpy as np


def standard_deviation(scores):
    mean = scores.mean()
    return np.sqrt(((scores - mean) ** 2).sum() / 5)
