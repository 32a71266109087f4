def running_mean_variance(stream):
    n, total, squares = 0, 0.0, 0.0
    for x in stream:
        n += 1
        total += x
        squares += x * x
    mean = total / n
    return mean, squares / n - mean**2
