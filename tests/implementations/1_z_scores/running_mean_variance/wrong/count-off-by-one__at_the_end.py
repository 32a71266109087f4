def running_mean_variance(stream):
    n, mean, M = 0, 0, 0
    for x in stream:
        d = x - mean
        mean = mean + d / (n + 1)
        M = M + d * (x - mean)
        n = n + 1
    return mean, M / (n + 1)
