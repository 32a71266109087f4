def fused_layer_norm(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    block = 1 << (d - 1).bit_length()
    lanes = F.pad(x, (0, block - d))
    mean = lanes.sum(dim=-1, keepdim=True) / d
    centred = torch.where(torch.arange(block) < d - 1, lanes - mean, 0.0)
    variance = centred.square().sum(dim=-1, keepdim=True) / d
    return (centred * torch.rsqrt(variance + eps))[..., :d] * gamma + beta
