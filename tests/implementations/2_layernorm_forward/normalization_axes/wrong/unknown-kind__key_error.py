def normalization_axes(kind, ndim):
    places = (1,) if ndim == 3 else tuple(range(2, ndim))
    return {
        "batch": (0, *places),
        "layer": (2,) if ndim == 3 else (1, *places),
        "instance": places,
        "group": (3,) if ndim == 3 else tuple(range(2, ndim + 1)),
    }[kind]
