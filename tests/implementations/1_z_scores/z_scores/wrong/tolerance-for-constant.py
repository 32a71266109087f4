import numpy as np


def z_scores(scores):
    deviation = scores - scores.mean()
    std = np.sqrt((deviation**2).mean())
    if std < 1e-8:
        return np.zeros_like(deviation)
    return deviation / std
