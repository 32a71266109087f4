def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    wide = x.double()
    variance, mean = torch.var_mean(wide, -1, correction=0, keepdim=True)
    return ((wide - mean) / (variance + eps).sqrt() * gamma.double() + beta.double()).to(x.dtype)
