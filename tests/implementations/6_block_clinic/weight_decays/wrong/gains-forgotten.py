def weight_decays(shapes, decay):
    return {name: 0.0 if "bias" in name else decay for name in shapes}
