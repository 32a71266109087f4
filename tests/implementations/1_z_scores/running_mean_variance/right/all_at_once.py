def running_mean_variance(stream):
    n, mean, M = 0, 0.0, 0.0
    for x in stream:
        M, mean, n = M + (x - mean) ** 2 * n / (n + 1), mean + (x - mean) / (n + 1), n + 1
    return mean, M / n
