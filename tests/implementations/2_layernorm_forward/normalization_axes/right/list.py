def normalization_axes(kind, ndim):
    if ndim == 3:
        table = {"batch": (0, 1), "layer": (2,), "instance": (1,), "group": (3,)}
    else:
        p = tuple(range(2, ndim))
        table = {"batch": (0, *p), "layer": (1, *p), "instance": p, "group": (2, *(i + 1 for i in p))}
    if kind not in table:
        raise ValueError(kind)
    return list(table[kind])
