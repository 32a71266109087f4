import numpy as np


def standard_deviation(scores):
    return np.sqrt(np.mean(np.abs(scores - np.mean(scores))))
