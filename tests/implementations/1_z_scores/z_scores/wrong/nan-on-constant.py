import numpy as np


def z_scores(scores):
    deviation = scores - scores.mean()
    return deviation / np.sqrt((deviation**2).mean())
