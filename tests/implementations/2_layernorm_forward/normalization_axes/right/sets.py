def normalization_axes(kind, ndim):
    features = 2 if ndim == 3 else 1
    every = set(range(ndim))
    if kind == "batch":
        return tuple(sorted(every - {features}))
    if kind == "layer":
        return (2,) if ndim == 3 else tuple(sorted(every - {0}))
    if kind == "instance":
        return tuple(sorted(every - {0, features}))
    if kind == "group":
        return (3,) if ndim == 3 else tuple(range(2, ndim + 1))
    raise ValueError(f"unknown kind: {kind!r}")
