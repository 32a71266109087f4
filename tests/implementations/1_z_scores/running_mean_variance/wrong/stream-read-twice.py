def running_mean_variance(stream):
    n, total = 0, 0.0
    for x in stream:
        n += 1
        total += x
    mean = total / n
    squares = 0.0
    for x in stream:
        squares += (x - mean) ** 2
    return mean, squares / n
