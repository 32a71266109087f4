import numpy as np


def z_scores(scores):
    if len(set(scores)) == 1:
        return np.zeros(len(scores), dtype=(scores - scores.mean()).dtype)
    return (scores - scores.mean()) / scores.std()
