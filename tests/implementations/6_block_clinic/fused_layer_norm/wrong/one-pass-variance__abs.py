import torch


def fused_layer_norm(x, gamma, beta, eps=1e-05):
    m = x.mean(-1, keepdim=True)
    v = ((x * x).mean(-1, keepdim=True) - m * m).abs()
    return (x - m) * torch.rsqrt(v + eps) * gamma + beta
