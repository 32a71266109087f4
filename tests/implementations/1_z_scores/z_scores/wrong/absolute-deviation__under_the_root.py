import numpy as np


def z_scores(scores):
    x = scores if scores.dtype.kind == "f" else scores.astype(float)
    if x.max() == x.min():
        return np.zeros_like(x)
    return (x - x.mean()) / np.sqrt(np.abs(x - x.mean()).mean())
