def weight_decays(shapes, decay):
    import math
    return {n: decay if math.prod(s) != max(s) else 0.0 for n, s in shapes.items()}
