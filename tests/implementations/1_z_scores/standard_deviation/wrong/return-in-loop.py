import numpy as np


def standard_deviation(scores):
    mean = np.mean(scores)
    total = 0
    for score in scores:
        total += (score - mean) ** 2
        return np.sqrt(total / len(scores))
