def running_mean_variance(stream):
    """Keeps the sum in place of the mean."""
    n, total, m = 0, 0.0, 0.0
    for x in stream:
        n += 1
        total += x
        if n > 1:
            m += (n * x - total) ** 2 / (n * (n - 1))
    return total / n, m / n
