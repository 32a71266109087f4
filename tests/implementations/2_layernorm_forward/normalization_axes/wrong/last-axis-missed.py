def normalization_axes(kind, ndim):
    if kind == "batch":
        return (0, 1) if ndim == 3 else (0, *range(2, ndim - 1))
    if kind == "layer":
        return (2,) if ndim == 3 else tuple(range(1, ndim - 1))
    if kind == "instance":
        return (1,) if ndim == 3 else tuple(range(2, ndim - 1))
    if kind == "group":
        return (3,) if ndim == 3 else tuple(range(2, ndim))
    raise ValueError(kind)
