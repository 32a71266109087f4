import numpy as np


def standard_deviation(scores):
    return np.std(scores)
