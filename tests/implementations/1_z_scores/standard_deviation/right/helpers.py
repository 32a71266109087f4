import numpy as np


def mean(x):
    return sum(x) / len(x)


def variance(x):
    centre = mean(x)
    return mean([(value - centre) ** 2 for value in x])


def standard_deviation(scores):
    return np.sqrt(variance(scores.astype(float)))
