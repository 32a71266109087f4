import numpy as np


def standard_deviation(scores):
    deviation = scores - np.mean(scores)
    square = deviation**2
    return np.mean(square)
