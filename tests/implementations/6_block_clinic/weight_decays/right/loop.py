def weight_decays(shapes, decay):
    result = {}
    for name in shapes:
        result[name] = 0.0
        if len(shapes[name]) >= 2:
            result[name] = decay
    return result
