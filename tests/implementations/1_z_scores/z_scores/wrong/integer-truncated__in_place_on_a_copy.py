import numpy as np


def z_scores(scores):
    z = scores.copy()
    if z.max() == z.min():
        return np.zeros_like(z)
    z -= z.mean()
    z /= np.sqrt((z**2).mean())
    return z
