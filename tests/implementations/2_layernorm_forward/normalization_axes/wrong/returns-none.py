def normalization_axes(kind, ndim):
    if kind not in ("batch", "layer", "instance", "group"):
        raise ValueError(kind)
    axes = (0, 1) if ndim == 3 else (1, 2)
    print(axes)
