def weight_decays(shapes, decay):
    return {name: 0.0 if len(shape) > 1 else decay for name, shape in shapes.items()}
