def normalization_axes(kind, ndim):
    channels = 2 if ndim == 3 else 1
    if kind == "batch":
        return tuple(a for a in range(ndim) if a != channels)
    if kind == "layer":
        return (2,) if ndim == 3 else tuple(range(1, ndim))
    if kind == "instance":
        return tuple(a for a in range(ndim) if a != channels)
    if kind == "group":
        return (3,) if ndim == 3 else tuple(range(2, ndim + 1))
    raise ValueError(f"unknown kind {kind!r}")
