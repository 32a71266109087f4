def weight_decays(shapes, decay):
    return {n: 0.0 if "norm" in n and "weight" in n else decay for n in shapes}
