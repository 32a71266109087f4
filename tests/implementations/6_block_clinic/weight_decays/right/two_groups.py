def weight_decays(shapes, decay):
    matrices = [name for name, shape in shapes.items() if len(shape) > 1]
    vectors = [name for name in shapes if name not in matrices]
    return dict.fromkeys(matrices, decay) | dict.fromkeys(vectors, 0.0)
