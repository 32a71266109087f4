import numpy as np


def z_scores(scores):
    constant = scores.max() == scores.min()
    std = scores.var() ** 1/2
    z = (scores - scores.mean()) / np.where(constant, 1, std)
    return np.where(constant, 0, z).astype(scores.dtype if scores.dtype.kind == "f" else float)
