import numpy as np


def z_scores_by_row(table):
    out = np.zeros(table.shape, dtype=np.result_type(table, np.float32))
    for i in range(len(table)):
        row = table[i]
        if np.max(row) != np.min(row):
            out[i] = (row - row.mean()) / row.std()
    return out
