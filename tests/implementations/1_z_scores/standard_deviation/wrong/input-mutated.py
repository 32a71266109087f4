import numpy as np


def standard_deviation(scores):
    scores -= scores.mean()
    return np.sqrt((scores**2).mean())
