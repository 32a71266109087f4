import numpy as np


def standard_deviation(scores):
    d = np.asarray(scores, dtype=np.float64)
    d = d - np.average(d)
    return np.sqrt(np.einsum("i,i->", d, d) / len(d))
