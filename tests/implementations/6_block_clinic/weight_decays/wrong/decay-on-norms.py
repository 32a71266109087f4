def weight_decays(shapes, decay):
    return {name: decay for name in shapes}
