import numpy as np


def z_scores(scores):
    z = np.zeros_like(scores)
    if scores.max() != scores.min():
        mean, std = scores.mean(), scores.std()
        for i, score in enumerate(scores):
            z[i] = (score - mean) / std
    return z
