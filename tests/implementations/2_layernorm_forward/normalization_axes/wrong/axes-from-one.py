def normalization_axes(kind, ndim):
    if kind == "batch":
        axes = (0, 1) if ndim == 3 else (0, *range(2, ndim))
    elif kind == "layer":
        axes = (2,) if ndim == 3 else tuple(range(1, ndim))
    elif kind == "instance":
        axes = (1,) if ndim == 3 else tuple(range(2, ndim))
    elif kind == "group":
        axes = (3,) if ndim == 3 else tuple(range(2, ndim + 1))
    else:
        raise ValueError(kind)
    return tuple(a + 1 for a in axes)
