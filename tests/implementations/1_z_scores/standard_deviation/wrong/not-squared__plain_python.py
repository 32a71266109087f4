import math


def standard_deviation(scores):
    values = [float(score) for score in scores]
    mean = sum(values) / len(values)
    total = 0.0
    for value in values:
        total += value - mean
    return math.sqrt(total / len(values))
