import numpy as np


def z_scores(scores):
    x = scores if np.issubdtype(scores.dtype, np.floating) else scores.astype(float)
    if x.max() == x.min():
        return np.zeros_like(x)
    return (x - x.mean()) / np.sqrt(x.std())
