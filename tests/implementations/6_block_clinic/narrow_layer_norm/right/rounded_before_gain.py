def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    kind = x.dtype
    wide = x.to(torch.promote_types(kind, torch.float32))
    mean = wide.mean(-1, keepdim=True)
    deviation = wide - mean
    normalised = deviation / torch.sqrt(deviation.pow(2).mean(-1, keepdim=True) + eps)
    return normalised.to(kind) * gamma + beta
