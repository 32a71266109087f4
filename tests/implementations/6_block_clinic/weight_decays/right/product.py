def weight_decays(shapes, decay):
    return {name: decay * (len(shape) > 1) for name, shape in shapes.items()}
