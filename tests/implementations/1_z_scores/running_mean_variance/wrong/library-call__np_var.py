import numpy as np


def running_mean_variance(stream):
    values = np.fromiter(stream, dtype=float)
    return values.mean(), np.var(values)
