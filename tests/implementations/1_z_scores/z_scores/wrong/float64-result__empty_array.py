import numpy as np


def z_scores(scores):
    z = np.zeros(len(scores))
    if len(set(scores.tolist())) > 1:
        mean, std = scores.mean(), scores.std()
        for i in range(len(scores)):
            z[i] = (scores[i] - mean) / std
    return z
