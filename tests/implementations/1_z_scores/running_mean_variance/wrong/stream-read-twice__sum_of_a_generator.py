def mean_of(stream):
    n = total = 0
    for x in stream:
        n, total = n + 1, total + x
    return n, total / n


def running_mean_variance(stream):
    n, mean = mean_of(stream)
    return mean, sum((x - mean) ** 2 for x in stream) / n
