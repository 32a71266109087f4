import torch


def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    mean = wide.mean(-1, keepdim=True)
    return ((wide - mean) * torch.rsqrt(wide.var(-1, keepdim=True) + eps) * gamma + beta).to(x.dtype)
