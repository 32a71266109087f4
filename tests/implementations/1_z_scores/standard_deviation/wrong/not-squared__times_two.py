import numpy as np


def standard_deviation(scores):
    deviation = scores - scores.mean()
    square = deviation * 2
    return float(np.sqrt(square.mean()))
