from functools import reduce


def step(state, x):
    n, mean, m = state
    n += 1
    delta = x - mean
    return n, mean + delta / n, m + delta * delta * (n - 1) / n


def running_mean_variance(stream):
    n, mean, m = reduce(step, stream, (0, 0.0, 0.0))
    return mean, m / n
