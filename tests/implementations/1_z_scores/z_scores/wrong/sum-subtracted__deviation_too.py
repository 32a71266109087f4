import numpy as np


def z_scores(scores):
    x = scores if np.issubdtype(scores.dtype, np.floating) else scores.astype(float)
    if x.max() == x.min():
        return np.zeros_like(x)
    deviation = x - x.sum()
    std = np.sqrt(np.mean(deviation**2))
    return deviation / std
