import math
def weight_decays(shapes, decay):
    return {n: decay if math.prod(s) > 4 else 0.0 for n, s in shapes.items()}
