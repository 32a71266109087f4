def normalization_axes(kind, ndim):
    tokens = ndim == 3
    if kind == "batch":
        return (0, 1) if tokens else (0, *range(2, ndim))
    if kind == "layer":
        return (2,) if tokens else tuple(range(1, ndim))
    if kind == "instance":
        return (1,) if tokens else tuple(range(2, ndim))
    if kind == "group":
        return (3,) if tokens else tuple(range(2, ndim + 1))
    return ValueError("unknown kind")
