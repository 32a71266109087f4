def running_mean_variance(stream):
    values = set(stream)
    n = len(values)
    mean = sum(values) / n
    return mean, sum((v - mean) ** 2 for v in values) / n
