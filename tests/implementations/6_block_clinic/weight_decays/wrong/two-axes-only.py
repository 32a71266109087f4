def weight_decays(shapes, decay):
    return {name: decay if len(shape) == 2 else 0.0 for name, shape in shapes.items()}
