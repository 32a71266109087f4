import numpy as np


def standard_deviation(scores):
    deviation = scores - scores.mean()
    square = deviation**2
    average = square.mean()
    return float(np.sqrt(average))
