import math

import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    y = np.empty_like(x)
    scales = {}
    for where in np.ndindex(*x.shape[:-1]):
        total = 0.0
        for value in x[where]:
            total += float(value) ** 2
        scales[where] = 1 / math.sqrt(total / x.shape[-1] + eps)
        for i, value in enumerate(x[where]):
            y[(*where, i)] = float(gamma[i]) * float(value) * scales[where]
    return y, (x, gamma, scales)
