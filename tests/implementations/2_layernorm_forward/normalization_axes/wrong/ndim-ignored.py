def normalization_axes(kind, ndim):
    if kind == "batch":
        return (0, 2, 3)
    if kind == "layer":
        return (1, 2, 3)
    if kind == "instance":
        return (2, 3)
    if kind == "group":
        return (2, 3, 4)
    raise ValueError(f"unknown kind: {kind!r}")
