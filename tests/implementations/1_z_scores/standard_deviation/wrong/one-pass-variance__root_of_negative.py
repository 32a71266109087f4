import math


def standard_deviation(scores):
    values = scores.astype(float)
    return math.sqrt((values @ values) / len(values) - values.mean() ** 2)
