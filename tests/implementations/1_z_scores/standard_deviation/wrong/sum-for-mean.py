import numpy as np


def standard_deviation(scores):
    deviation = scores - scores.mean()
    return np.sqrt(np.sum(deviation**2))
