import numpy as np


def z_scores_by_row(table):
    z = np.zeros(table.shape)
    for index in np.ndindex(table.shape[:-1]):
        row = table[index]
        if row.max() > row.min():
            z[index] = (row - row.mean()) / row.std()
    return z
