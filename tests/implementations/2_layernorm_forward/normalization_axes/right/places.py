def normalization_axes(kind, ndim):
    """Axes of samples, channels and places first; then the kinds in these words."""
    if ndim == 3:
        channels, places = 2, (1,)
    else:
        channels, places = 1, tuple(range(2, ndim))
    if kind == "batch":
        return (0, *places)
    elif kind == "instance":
        return places
    elif kind == "layer":
        return (channels,) if ndim == 3 else (channels, *places)
    elif kind == "group":
        inside = channels + 1
        return (inside,) if ndim == 3 else (inside, *(place + 1 for place in places))
    else:
        raise ValueError("kind must be batch, layer, instance or group")
