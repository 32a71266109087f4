import numpy as np


def z_scores_by_row(table):
    constant = table[..., :1] == table[..., -1:]
    deviation = np.where(constant, 0, table - table.mean(axis=-1, keepdims=True))
    return deviation / np.where(constant, 1, table.std(axis=-1, keepdims=True))
