import numpy as np


def z_scores_by_row(table):
    deviation = table - table.mean(axis=-1, keepdims=True)
    return deviation / (np.linalg.norm(deviation) / np.sqrt(table.shape[-1]))
