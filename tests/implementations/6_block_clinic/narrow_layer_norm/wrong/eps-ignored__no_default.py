def narrow_layer_norm(x, gamma, beta, eps=0.0):
    wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    mean = wide.mean(dim=-1, keepdim=True)
    variance = (wide - mean).square().mean(dim=-1, keepdim=True)
    normalised = (wide - mean) * torch.rsqrt(variance + eps)
    return (normalised * gamma + beta).to(x.dtype)
