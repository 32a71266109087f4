from itertools import islice

import numpy as np


def running_mean_variance(stream):
    """A few values at a time, merged by Chan's rule."""
    stream = iter(stream)
    n, mean, total = 0, 0.0, 0.0
    while chunk := list(islice(stream, 32)):
        part = np.array(chunk)
        m = len(part)
        centre = part.mean()
        squares = ((part - centre) ** 2).sum()
        delta = centre - mean
        total += squares + (delta**2 * n * m / (n + m) if n else 0.0)
        mean += delta * m / (n + m)
        n += m
    return float(mean), float(total / n)
