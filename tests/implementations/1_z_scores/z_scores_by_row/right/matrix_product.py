import numpy as np


def z_scores_by_row(table):
    """Means as a product with a vector of 1/n."""
    dtype = table.dtype if table.dtype.kind == "f" else np.dtype(float)
    n = table.shape[-1]
    weights = np.full((n, 1), 1 / n)
    d = table - table @ weights
    d = d - d @ weights  # the product rounds at a large offset; a second pass mends it
    variance = (d**2) @ weights
    constant = (table == table[..., :1]).all(axis=-1, keepdims=True)
    return np.where(constant, 0, d / np.sqrt(np.where(constant, 1, variance))).astype(dtype)
