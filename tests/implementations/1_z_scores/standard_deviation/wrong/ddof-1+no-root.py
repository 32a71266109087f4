import numpy as np


def standard_deviation(scores):
    return np.sum((scores - np.mean(scores)) ** 2) / (len(scores) - 1)
