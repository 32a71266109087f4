def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    mean = wide.mean(-1, keepdim=True)
    rstd = (wide.var(-1, unbiased=False, keepdim=True) + eps).rsqrt()
    return torch.add((wide - mean) * rstd * gamma, beta).type_as(x)
