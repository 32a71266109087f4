def normalization_axes(kind, ndim):
    letters = "BTd" if ndim == 3 else "NC" + "HWUV"[: ndim - 2]
    match kind:
        case "batch":
            kept = "Cd"
        case "layer":
            kept = "BTN"
        case "instance":
            kept = "NCBd"
        case "group":
            letters = letters.replace("C", "GC").replace("d", "Gd")
            kept = "NGBT"
        case _:
            raise ValueError(kind)
    return tuple(i for i, letter in enumerate(letters) if letter not in kept)
