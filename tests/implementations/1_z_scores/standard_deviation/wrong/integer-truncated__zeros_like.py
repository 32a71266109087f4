import numpy as np


def standard_deviation(scores):
    mean = np.mean(scores)
    squares = np.zeros_like(scores)
    for i in range(len(scores)):
        squares[i] = (scores[i] - mean) ** 2
    return np.sqrt(np.mean(squares))
