AXES = {
    "batch": {2: (0,), 3: (0, 1), 4: (0, 2, 3), 5: (0, 2, 3, 4), 6: (0, 2, 3, 4, 5)},
    "layer": {2: (1,), 3: (2,), 4: (1, 2, 3), 5: (1, 2, 3, 4), 6: (1, 2, 3, 4, 5)},
    "instance": {2: (), 3: (1,), 4: (2, 3), 5: (2, 3, 4), 6: (2, 3, 4, 5)},
    "group": {2: (2,), 3: (3,), 4: (2, 3, 4), 5: (2, 3, 4, 5), 6: (2, 3, 4, 5, 6)},
}


def normalization_axes(kind, ndim):
    if kind not in AXES:
        raise ValueError(kind)
    return AXES[kind][ndim]
