def weight_decays(shapes, decay):
    return {name: 0.0 for name in shapes}
