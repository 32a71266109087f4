import numpy as np


def z_scores(scores):
    if scores.max() == scores.min():
        return np.zeros(scores.shape, dtype=np.result_type(scores, np.float32))
    deviation = scores - scores.mean()
    return deviation / np.linalg.norm(deviation)
