import math

import numpy as np


def z_scores(scores):
    values = scores.tolist()
    mean = sum(values) / len(values)
    std = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    return np.array([(v - mean) / std for v in values], dtype=scores.dtype if scores.dtype.kind == "f" else float)
