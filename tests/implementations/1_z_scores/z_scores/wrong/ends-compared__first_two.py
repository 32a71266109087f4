import numpy as np


def z_scores(scores):
    if len(scores) == 1 or scores[0] == scores[1]:
        return np.zeros(len(scores), dtype=scores.dtype if scores.dtype.kind == "f" else float)
    return (scores - scores.mean()) / scores.std()
