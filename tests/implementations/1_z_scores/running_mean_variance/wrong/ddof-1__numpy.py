import numpy as np


def running_mean_variance(stream):
    n, mean, m = 0, 0.0, 0.0
    for x in stream:
        n += 1
        delta = x - mean
        mean += delta / n
        m += delta * (x - mean)
    return mean, np.float64(m) / (n - 1)
