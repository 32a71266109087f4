def running_mean_variance(stream):
    n = 0
    mean = 0.0
    total = 0.0
    for value in stream:
        n += 1
        old = value - mean
        mean += old / n
        total += old * (value - mean)
    return mean, total / n
