import numpy as np


def z_scores(scores):
    low, high = scores.min(), scores.max()
    z = (scores - low) / np.where(low == high, 1, high - low)
    return z.astype(scores.dtype if scores.dtype.kind == "f" else float)
