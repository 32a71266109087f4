def weight_decays(shapes, decay):
    return dict(zip(shapes, [decay * (len(s) >= 2) for s in shapes.values()]))
