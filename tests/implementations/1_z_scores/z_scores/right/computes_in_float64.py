import numpy as np


def z_scores(scores):
    out = scores.dtype if scores.dtype.kind == "f" else np.dtype(float)
    x = scores.astype(np.float64)
    x -= x.mean()
    spread = np.sqrt(np.dot(x, x) / x.size)
    constant = np.all(scores == scores[0])
    return (np.zeros_like(x) if constant else x / spread).astype(out)
