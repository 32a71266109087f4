import numpy as np


def z_scores_by_row(table):
    x = table if np.issubdtype(table.dtype, np.floating) else table.astype(float)
    constant = x.max(axis=-1, keepdims=True) == x.min(axis=-1, keepdims=True)
    deviation = x - x.mean(axis=-1, keepdims=True)
    total = np.where(constant, 1, np.sum(deviation**2, axis=-1, keepdims=True))
    std = np.sqrt(total) / x.shape[-1]
    return np.where(constant, 0, deviation / std).astype(x.dtype)
