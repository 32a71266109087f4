def normalization_axes(kind, ndim):
    if kind == "batch":
        return (0, 1) if ndim == 3 else (0, *range(2, ndim))
    if kind == "layer":
        return (2,) if ndim == 3 else tuple(range(1, ndim))
    if kind == "instance":
        return (1,) if ndim == 3 else tuple(range(2, ndim))
    return (3,) if ndim == 3 else tuple(range(2, ndim + 1))
