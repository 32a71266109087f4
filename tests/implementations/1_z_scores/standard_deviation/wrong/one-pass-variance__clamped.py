import math


def standard_deviation(scores):
    n = len(scores)
    total = squares = 0.0
    for s in scores:
        total += float(s)
        squares += float(s) ** 2
    return math.sqrt(max(0.0, squares / n - (total / n) ** 2))
