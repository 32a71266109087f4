import numpy as np


def z_scores(scores):
    """Scale by the largest deviation before squaring, so that tiny scores do not underflow."""
    d = scores - np.mean(scores)
    if scores.max() == scores.min():
        return d * 0
    d = d / np.abs(d).max()
    return d / np.sqrt(np.mean(d * d))
