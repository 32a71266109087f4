import numpy as np


def standard_deviation(scores):
    """The length of the vector of deviations, per root of n."""
    return np.linalg.norm(scores - np.mean(scores)) / np.sqrt(len(scores))
