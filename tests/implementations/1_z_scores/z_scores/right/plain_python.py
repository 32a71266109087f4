import math

import numpy as np


def z_scores(scores):
    values = [float(s) for s in scores]
    n = len(values)
    if all(v == values[0] for v in values):
        result = [0.0] * n
    else:
        mean = sum(values) / n
        std = math.sqrt(sum((v - mean) ** 2 for v in values) / n)
        result = [(v - mean) / std for v in values]
    dtype = scores.dtype if np.issubdtype(scores.dtype, np.floating) else float
    return np.array(result, dtype=dtype)
