def normalization_axes(kind, ndim):
    """Counts from the end, in no order."""
    tokens = ndim == 3
    places = [-2] if tokens else [-i for i in range(1, ndim - 1)]
    if kind == "batch":
        return tuple(places + [-ndim])
    if kind == "layer":
        return (-1,) if tokens else tuple(-i for i in range(1, ndim))
    if kind == "instance":
        return tuple(places)
    if kind == "group":
        return (-1,) if tokens else tuple(places + [1 - ndim])
    raise ValueError(f"{kind} is not a kind of normalisation")
