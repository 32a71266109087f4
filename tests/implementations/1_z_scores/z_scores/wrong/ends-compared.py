import numpy as np


def z_scores(scores):
    if scores[0] == scores[-1]:
        return np.zeros(len(scores), dtype=scores.dtype)
    return (scores - scores.mean()) / scores.std()
