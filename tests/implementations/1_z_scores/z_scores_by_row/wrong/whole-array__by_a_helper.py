import numpy as np


def standardise(x):
    if x.max() == x.min():
        return np.zeros_like(x)
    deviation = x - x.mean()
    return deviation / np.sqrt((deviation**2).mean())


def z_scores_by_row(table):
    return standardise(table)
