import numpy as np


def standard_deviation(scores):
    centred = np.subtract(scores, np.mean(scores))
    squares = np.sort(np.power(centred, 2))
    return np.float64(np.sum(squares) / squares.shape[0]) ** 0.5
