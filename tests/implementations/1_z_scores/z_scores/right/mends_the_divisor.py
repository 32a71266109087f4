import numpy as np


def z_scores(scores):
    constant = scores.min() == scores.max()
    deviation = np.where(constant, 0.0, scores - scores.mean())
    spread = np.where(constant, 1.0, np.sqrt(np.mean(deviation**2)))
    z = deviation / spread
    return z.astype(scores.dtype) if scores.dtype == np.float32 else z
