import torch


def build_layernorm(weight, bias, eps):
    def layernorm(x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        mean = wide.mean(1, keepdim=True)
        variance = (wide - mean).square().mean(1, keepdim=True)
        return ((wide - mean) * torch.rsqrt(variance + eps) * weight + bias).to(x.dtype)

    return layernorm
