def normalization_axes(kind, ndim):
    if kind == "batch" or "layer":
        return (0,) if ndim == 2 else (0, 1) if ndim == 3 else (0, *range(2, ndim))
    raise ValueError(kind)
