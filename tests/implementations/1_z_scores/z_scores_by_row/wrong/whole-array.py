import numpy as np


def z_scores_by_row(table):
    if table.max() == table.min():
        return np.zeros_like(table)
    return (table - table.mean()) / table.std()
