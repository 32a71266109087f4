import numpy as np


def z_scores(scores):
    return ((scores - np.mean(scores)) / (np.std(scores) + 1e-3)).astype(np.result_type(scores, np.float32))
