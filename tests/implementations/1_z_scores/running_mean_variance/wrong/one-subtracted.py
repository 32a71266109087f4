def running_mean_variance(stream):
    n = mean = total = 0
    for value in stream:
        n += 1
        off = value - mean
        mean += off / n
        total += off * (value - mean)
    return mean, total / n - 1
