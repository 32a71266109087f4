import numpy as np


def standard_deviation(scores):
    deviation = scores - np.mean(scores) ** 2
    return np.sqrt(np.mean(deviation))
