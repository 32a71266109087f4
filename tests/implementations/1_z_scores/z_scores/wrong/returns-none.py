import numpy as np


def z_scores(scores):
    mean = scores.mean()
    std = np.sqrt(((scores - mean) ** 2).mean())
    z = np.where(scores.max() == scores.min(), 0.0, (scores - mean) / max(std, 1e-300))
