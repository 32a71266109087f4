from math import sqrt


def standard_deviation(scores):
    mean = sum(scores) / len(scores)
    total = 0
    for score in scores:
        total += (score - mean) ** 2
    return sqrt(total / len(scores) - 1)
