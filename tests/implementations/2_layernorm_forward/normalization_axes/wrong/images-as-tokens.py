def normalization_axes(kind, ndim):
    if kind == "batch":
        return tuple(range(ndim - 1))
    if kind == "layer":
        return (ndim - 1,)
    if kind == "instance":
        return tuple(range(1, ndim - 1))
    if kind == "group":
        return (ndim,)
    raise ValueError(kind)
