import torch


def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    wide = x.float()
    mean = wide.mean(-1, keepdim=True)
    variance = (wide.square().mean(-1, keepdim=True) - mean.square()).clamp(min=0)
    return ((wide - mean) * torch.rsqrt(variance + eps) * gamma + beta).to(x.dtype)
