def normalization_axes(kind, ndim):
    if kind == "batch":
        return (0, *range(2, ndim))
    if kind == "layer":
        return tuple(range(1, ndim))
    if kind == "instance":
        return tuple(range(2, ndim))
    if kind == "group":
        return tuple(range(2, ndim + 1))
    raise ValueError(f"unknown kind: {kind!r}")
