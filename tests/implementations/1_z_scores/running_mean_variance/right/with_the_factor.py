def running_mean_variance(stream):
    """Welford's own form, with (n − 1)/n."""
    mean, variance = 0.0, 0.0
    for n, x in enumerate(stream, start=1):
        delta = x - mean
        mean = mean + delta / n
        variance = (n - 1) / n * (variance + delta**2 / n)
    return mean, variance
