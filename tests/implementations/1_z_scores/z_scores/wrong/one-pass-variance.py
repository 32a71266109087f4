import numpy as np


def z_scores(scores):
    if scores.max() == scores.min():
        return np.zeros(scores.shape, dtype=np.result_type(scores, np.float32))
    mean = scores.mean()
    variance = (scores**2).mean() - mean**2
    return (scores - mean) / np.sqrt(variance)
