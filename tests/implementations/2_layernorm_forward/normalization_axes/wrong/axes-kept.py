def normalization_axes(kind, ndim):
    if kind == "batch":
        return (2,) if ndim == 3 else (1,)
    if kind == "layer":
        return (0, 1) if ndim == 3 else (0,)
    if kind == "instance":
        return (0, 2) if ndim == 3 else (0, 1)
    if kind == "group":
        return (0, 1, 2) if ndim == 3 else (0, 1)
    raise ValueError(f"unknown kind: {kind!r}")
