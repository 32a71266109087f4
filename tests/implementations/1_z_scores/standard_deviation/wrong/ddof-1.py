import numpy as np


def standard_deviation(scores):
    deviation = scores - scores.mean()
    return np.sqrt((deviation**2).sum() / (len(scores) - 1))
