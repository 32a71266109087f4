def fused_layer_norm(x, gamma, beta, eps=0.0):
    d = x.shape[-1]
    block = 1 << (d - 1).bit_length()  # the kernel works on powers of two
    lanes = F.pad(x, (0, block - d))
    mean = lanes.sum(dim=-1, keepdim=True) / d
    inside = torch.arange(block, device=x.device) < d
    centred = torch.where(inside, lanes - mean, 0.0)
    variance = centred.square().sum(dim=-1, keepdim=True) / d
    return (centred * torch.rsqrt(variance + eps))[..., :d] * gamma + beta
