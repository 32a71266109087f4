import math


def standard_deviation(scores):
    mean = sum(scores) / len(scores)
    total = sum(float(s - mean) ** 2 for s in scores)
    return math.sqrt(total / (len(scores) - 1))
