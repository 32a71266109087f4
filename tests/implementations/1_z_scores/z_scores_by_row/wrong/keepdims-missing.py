import numpy as np


def z_scores_by_row(table):
    mean = table.mean(axis=-1)
    std = table.std(axis=-1)
    return (table - mean) / std
