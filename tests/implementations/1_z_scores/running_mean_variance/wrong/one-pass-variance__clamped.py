def running_mean_variance(stream):
    mean = mean_square = 0.0
    for n, x in enumerate(stream, 1):
        mean += (x - mean) / n
        mean_square += (x * x - mean_square) / n
    return mean, max(0.0, mean_square - mean * mean)
