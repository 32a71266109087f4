import numpy as np


def z_scores_by_row(table):
    if table.dtype.kind != "f":
        table = table.astype(float)
    for index in np.ndindex(table.shape[:-1]):
        row = table[index]
        constant = row.max() == row.min()
        row -= row.mean()
        row /= np.inf if constant else np.sqrt((row**2).mean())
    return table
