def weight_decays(shapes, decay):
    return {name: decay if len(shape) > 1 else None for name, shape in shapes.items()}
