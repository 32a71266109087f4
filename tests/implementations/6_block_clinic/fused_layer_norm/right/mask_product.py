def fused_layer_norm(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    block = 1 << (d - 1).bit_length()  # the kernel works on powers of two
    lanes = F.pad(x, (0, block - d))
    mean = lanes.sum(dim=-1, keepdim=True) / d
    centred = lanes - mean
    mask = F.pad(torch.ones_like(x), (0, block - d))
    centred = centred * mask
    variance = centred.square().sum(dim=-1, keepdim=True) / d
    return (centred * torch.rsqrt(variance + eps))[..., :d] * gamma + beta
