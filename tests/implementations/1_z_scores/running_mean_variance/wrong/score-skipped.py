def running_mean_variance(stream):
    next(stream)
    count, mean, total = 0, 0.0, 0.0
    for value in stream:
        count += 1
        from_old = value - mean
        mean += from_old / count
        total += from_old * (value - mean)
    return mean, total / count
