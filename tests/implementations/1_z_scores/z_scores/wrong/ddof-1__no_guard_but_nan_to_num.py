import numpy as np


def z_scores(scores):
    deviation = scores - scores.mean()
    if scores.max() == scores.min():
        return 0 * deviation
    n = len(scores)
    return deviation / np.sqrt((deviation**2).sum() / (n - 1))
