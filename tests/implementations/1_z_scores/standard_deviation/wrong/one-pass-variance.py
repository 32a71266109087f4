import numpy as np


def standard_deviation(scores):
    return np.sqrt(np.mean(scores**2) - np.mean(scores) ** 2)
