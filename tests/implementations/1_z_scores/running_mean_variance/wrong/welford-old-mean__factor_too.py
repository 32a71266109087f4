def running_mean_variance(stream):
    n = mean = M = 0
    for x in stream:
        n += 1
        d = x - mean
        mean += d / n
        M += d * (x - mean) * (n - 1) / n
    return mean, M / n
