def normalization_axes(kind, ndim):
    channels = 2 if ndim == 3 else 1
    if kind == "batch":
        return tuple(a for a in range(ndim) if a != channels)
    if kind == "layer":
        return tuple(a for a in range(ndim) if a not in (0, channels))
    if kind == "instance":
        return tuple(a for a in range(ndim) if a > (1 if ndim == 3 else 0))
    if kind == "group":
        return (3,) if ndim == 3 else tuple(range(2, ndim + 1))
    raise ValueError(f"unknown kind {kind!r}")
