import numpy as np


def z_scores(scores):
    with np.errstate(divide="ignore", invalid="ignore"):
        d = scores - scores.mean()
        z = d / np.sqrt(np.einsum("i,i->", d, d) / len(d))
    if scores.max() == scores.min():
        z[:] = 0
    return z
