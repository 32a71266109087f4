import math


def standard_deviation(scores):
    whole = [int(score) for score in scores]
    mean = sum(whole) / len(whole)
    return math.sqrt(sum((score - mean) ** 2 for score in whole) / len(whole))
