import numpy as np


def z_scores_by_row(table):
    deviation = table - table.mean(axis=-1, keepdims=True)
    return deviation / np.sqrt(np.mean(deviation**2, axis=0))
