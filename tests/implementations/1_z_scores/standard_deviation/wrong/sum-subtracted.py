import math


def standard_deviation(scores):
    values = [float(score) for score in scores]
    mean = sum(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
