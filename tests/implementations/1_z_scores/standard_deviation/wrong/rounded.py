import numpy as np


def standard_deviation(scores):
    deviation = scores - np.mean(scores)
    return round(float(np.sqrt(np.mean(deviation**2))), 3)
