import numpy as np


def normalization_axes(kind, ndim):
    axes = np.arange(ndim)
    feature = {3: 2}.get(ndim, 1)
    if kind == "group":
        axes = np.arange(ndim + 1)
        keep = [0, 1, 2] if ndim == 3 else [0, 1]
    else:
        try:
            keep = {"batch": [feature], "layer": [0, 1] if ndim == 3 else [0], "instance": [0, feature]}[kind]
        except KeyError:
            raise ValueError(f"unknown kind {kind}") from None
    return tuple(np.setdiff1d(axes, keep))
