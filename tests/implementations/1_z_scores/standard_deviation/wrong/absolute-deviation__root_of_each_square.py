import numpy as np


def standard_deviation(scores):
    square = (scores - scores.mean()) ** 2
    return np.sqrt(square).mean()
