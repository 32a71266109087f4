import numpy as np


def z_scores_by_row(table):
    # `length` of other languages: the longest axis, which is the row's only in wide tables.
    n = max(table.shape)
    mean = table.sum(axis=-1, keepdims=True) / n
    deviation = table - mean
    spread = np.sqrt((deviation**2).sum(axis=-1, keepdims=True) / n)
    constant = table.max(axis=-1, keepdims=True) == table.min(axis=-1, keepdims=True)
    z = np.where(constant, 0.0, deviation) / np.where(constant, 1.0, spread)
    return z.astype(table.dtype if table.dtype.kind == "f" else float)
