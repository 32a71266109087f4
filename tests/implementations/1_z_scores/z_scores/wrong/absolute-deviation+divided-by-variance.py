import numpy as np


def z_scores(scores):
    off = scores - np.mean(scores, dtype=scores.dtype if scores.dtype.kind == "f" else float)
    spread = np.mean(np.abs(off)) if np.ptp(scores) else 1
    return off / spread**2
