import numpy as np


def spread(x):
    return np.std(x)


def standard_deviation(scores):
    return spread(scores)
