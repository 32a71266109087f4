import numpy as np


def z_scores(scores):
    low, high = scores.min(), scores.max()
    z = np.where(low == high, 0, scores - scores.mean()) / np.where(low == high, 1, high - low)
    return z.astype(scores.dtype if scores.dtype.kind == "f" else float)
