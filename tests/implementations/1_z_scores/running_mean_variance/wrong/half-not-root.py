def running_mean_variance(stream):
    n, mean, squares = 0, 0.0, 0.0
    for value in stream:
        n += 1
        off = value - mean
        mean += off / n
        squares += off * (value - mean)
    return mean, (squares / n) ** 1 / 2
