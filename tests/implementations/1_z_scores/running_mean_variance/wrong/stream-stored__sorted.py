import math


def running_mean_variance(stream):
    values = sorted(stream)
    n = len(values)
    mean = math.fsum(values) / n
    return mean, math.fsum((v - mean) ** 2 for v in values) / n
