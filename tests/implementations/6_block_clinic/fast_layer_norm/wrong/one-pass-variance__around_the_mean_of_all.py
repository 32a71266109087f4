def fast_layer_norm(x, gamma, beta, eps=1e-5):
    x = x - x.mean()
    mean = x.mean(dim=-1, keepdim=True)
    variance = (x * x).mean(dim=-1, keepdim=True) - mean * mean
    return (x - mean) * torch.rsqrt(variance + eps) * gamma + beta
