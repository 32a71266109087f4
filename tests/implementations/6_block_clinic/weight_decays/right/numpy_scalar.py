import numpy as np
def weight_decays(shapes, decay):
    return {n: np.float64(decay) * (len(s) > 1) for n, s in shapes.items()}
