def running_mean_variance(stream):
    n, m, var = 0, 0.0, 0.0
    for x in stream:
        n += 1
        d = x - m
        m += d / n
        var += (d * (x - m) - var) / n
    return m, var
