import torch


def fused_layer_norm(x, gamma, beta, eps=1e-5):
    variance, mean = torch.var_mean(x, -1, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + eps) * gamma + beta
