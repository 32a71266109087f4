def running_mean_variance(stream):
    """One pass over the distances from the first value."""
    stream = iter(stream)
    first = next(stream)
    n, total, squares = 1, 0.0, 0.0
    for value in stream:
        n += 1
        total += value - first
        squares += (value - first) ** 2
    return first + total / n, squares / n - (total / n) ** 2
