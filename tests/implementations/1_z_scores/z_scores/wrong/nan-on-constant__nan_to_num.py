import numpy as np


def z_scores(scores):
    return np.nan_to_num((scores - scores.mean()) / scores.std())
