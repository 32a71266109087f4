import numpy as np


def z_scores(scores):
    deviation = scores - np.mean(scores)
    std = np.sqrt(np.mean(deviation**2))
    if std == 0:
        return np.zeros_like(deviation)
    return deviation / std
