import math


def standard_deviation(scores):
    values = [float(s) for s in scores]
    n = len(values)
    mean = sum(values) / n
    total = 0.0
    for value in values:
        total += (value - mean) ** 2
    return math.sqrt(total / n)
