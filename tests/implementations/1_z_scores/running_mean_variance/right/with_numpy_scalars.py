import numpy as np


def running_mean_variance(stream):
    count, mean, m2 = 0, np.float64(0), np.float64(0)
    for x in stream:
        count = count + 1
        delta = np.float64(x) - mean
        mean = mean + delta / count
        delta2 = np.float64(x) - mean
        m2 = m2 + delta * delta2
    return mean, m2 / count
