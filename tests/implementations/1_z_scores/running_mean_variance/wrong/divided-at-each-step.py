def running_mean_variance(stream):
    count, mean, variance = 0, 0.0, 0.0
    for value in stream:
        count += 1
        from_old = value - mean
        mean += from_old / count
        variance += from_old * (value - mean) / count
    return mean, variance
