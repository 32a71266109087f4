import numpy as np


def standard_deviation(scores):
    deviation = scores - np.mean(scores)
    return float(np.sqrt(np.sum(deviation**2)) / len(scores))
