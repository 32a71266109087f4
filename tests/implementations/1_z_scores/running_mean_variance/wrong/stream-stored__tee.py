from itertools import tee


def running_mean_variance(stream):
    a, b = tee(stream)
    n = s = 0
    for v in a:
        n += 1
        s += v
    mean = s / n
    return mean, sum((v - mean) ** 2 for v in b) / n
