def normalization_axes(kind, ndim):
    table = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "group": (2, 3, 4)}
    if kind not in table:
        raise ValueError(f"unknown kind {kind}")
    return table[kind]
