import numpy as np


def z_scores(scores):
    deviation = scores - scores.mean()
    std = np.sqrt(np.mean(deviation**2))
    return deviation / max(std, 1e-12)
