def running_mean_variance(stream):
    n, mean, total = 0, 0.0, 0.0
    for value in stream:
        n += 1
        deviation = value - mean
        mean += deviation / n
        total += deviation * (value - mean)
    return total / n, mean
