def fast_layer_norm(x, gamma, beta, eps=1e-5):
    x = x - x[..., :1]
    mean = x.mean(-1, keepdim=True)
    centred = x - mean
    return centred / (centred.pow(2).mean(-1, keepdim=True) + eps) ** 0.5 * gamma + beta
