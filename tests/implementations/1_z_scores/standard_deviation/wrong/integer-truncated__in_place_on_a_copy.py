import numpy as np


def standard_deviation(scores):
    work = scores.copy()
    work -= work.mean()
    return np.sqrt((work**2).mean())
