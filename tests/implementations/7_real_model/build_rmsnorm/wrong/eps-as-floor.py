import torch


def build_rmsnorm(weight, eps):
    def rmsnorm(x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        square = wide.square().mean(-1, keepdim=True)
        return (wide * torch.rsqrt(square.clamp(min=eps)) * weight).to(x.dtype)

    return rmsnorm
