import numpy as np


def standard_deviation(scores):
    deviation = scores - scores.mean()
    return float(np.sqrt(deviation.mean()))
