import numpy as np


def standard_deviation(scores):
    return np.linalg.norm(scores - scores.mean())
