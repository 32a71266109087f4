import torch


def build_rmsnorm(weight, eps):
    def rmsnorm(x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        square = wide.square().sum(-1, keepdim=True) / len(x)
        return (wide * torch.rsqrt(square + eps) * weight).to(x.dtype)

    return rmsnorm
