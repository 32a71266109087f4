def running_mean_variance(stream):
    n, mean, m = 0, 0.0, 0.0
    for x in stream:
        n += 1
        mean += (x - mean) / n
        m += (x - mean) ** 2
    return mean, m / n
