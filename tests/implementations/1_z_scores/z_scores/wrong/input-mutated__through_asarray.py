import numpy as np


def z_scores(scores):
    x = np.asarray(scores, dtype=np.result_type(scores, np.float32))
    constant = x.max() == x.min()
    x -= x.mean()
    if constant:
        x[:] = 0
    else:
        x /= np.sqrt((x * x).mean())
    return x
