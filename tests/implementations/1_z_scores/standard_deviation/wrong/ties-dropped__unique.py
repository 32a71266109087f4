import numpy as np


def standard_deviation(scores):
    scores = np.unique(scores)
    return np.sqrt(((scores - scores.mean()) ** 2).mean())
