def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = (x.float() - mean.float()).square().mean(dim=-1, keepdim=True)
    return ((x - mean).float() * torch.rsqrt(variance + eps) * gamma + beta).to(x.dtype)
