def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    w = x.float()
    mean = w.mean(dim=-1, keepdim=True)
    variance = (w - mean).square().mean(dim=-1, keepdim=True)
    return ((w - mean) * torch.rsqrt(variance + eps) * gamma + beta).to(torch.bfloat16)
