def running_mean_variance(stream):
    mean = next(stream)
    n, m = 1, 0.0
    for x in stream:
        n += 1
        m += (x - mean) ** 2
        mean += (x - mean) / n
    return mean, m / n
