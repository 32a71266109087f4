import numpy as np


def z_scores(scores):
    deviation = scores - scores.mean()
    return (deviation / np.sqrt(np.mean(deviation**2) + 1e-5)).astype(deviation.dtype)
