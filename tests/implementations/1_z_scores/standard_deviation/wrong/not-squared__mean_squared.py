import numpy as np


def standard_deviation(scores):
    mean = sum(scores) / len(scores)
    return np.sqrt(np.mean(scores - mean) ** 2)
