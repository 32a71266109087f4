def running_mean_variance(stream):
    n = mean = 0
    for x in stream:
        n += 1
        d = x - mean
        mean += d / n
        M = d * (x - mean)
    return mean, M / n
