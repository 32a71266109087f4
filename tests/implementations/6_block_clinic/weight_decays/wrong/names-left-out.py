def weight_decays(shapes, decay):
    return {name: decay for name, shape in shapes.items() if len(shape) > 1}
