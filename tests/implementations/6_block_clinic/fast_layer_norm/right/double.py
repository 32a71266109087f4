def fast_layer_norm(x, gamma, beta, eps=1e-5):
    wide = x.double()
    mean = wide.mean(-1, keepdim=True)
    variance = (wide * wide).mean(-1, keepdim=True) - mean * mean
    return ((wide - mean) / (variance + eps).sqrt()).to(x.dtype) * gamma + beta
