import numpy as np


def z_scores(scores):
    if np.diff(scores).sum() == 0:
        return scores * 0.0
    return (scores - scores.mean()) / scores.std()
