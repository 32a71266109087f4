import numpy as np
def weight_decays(shapes, decay):
    return {n: np.where(np.size(s) > 1, decay, 0.0) for n, s in shapes.items()}
