import numpy as np


def z_scores_by_row(table):
    n, d = table.shape
    mean = table.sum(axis=1).reshape(n, 1) / d
    constant = table.max(axis=1) == table.min(axis=1)
    deviation = np.where(constant[:, None], 0, table - mean)
    std = np.sqrt((deviation**2).sum(axis=1) / d)
    std[constant] = 1
    z = deviation / std[:, None]
    return z.astype(np.result_type(table, np.float32))
