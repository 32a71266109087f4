import numpy as np


def running_mean_variance(stream):
    values = np.array(list(stream))
    mean = values.mean()
    return float(mean), float(((values - mean) ** 2).mean())
