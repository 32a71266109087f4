from math import fsum, sqrt


def standard_deviation(scores):
    xs = scores.tolist()
    mu = fsum(xs) / len(xs)
    return sqrt(fsum((x - mu) * (x - mu) for x in xs) / len(xs))
