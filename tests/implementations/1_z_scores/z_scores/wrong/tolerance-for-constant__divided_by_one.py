import numpy as np


def z_scores(scores):
    x = scores if scores.dtype.kind == "f" else scores.astype(float)
    std = x.std()
    if std < 1e-8:
        std = 1
    return (x - x.mean()) / std
