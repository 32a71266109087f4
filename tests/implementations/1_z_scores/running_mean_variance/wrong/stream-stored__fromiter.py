import numpy as np


def running_mean_variance(stream):
    values = np.fromiter(stream, dtype=float)
    deviation = values - values.mean()
    return values.mean(), (deviation * deviation).mean()
