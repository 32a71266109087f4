import torch


def fl(x):
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def build_rmsnorm(weight, eps):

    def norm(x):
        z = fl(x)
        d = x.shape[-1]
        return (z / torch.sqrt((z.square().sum(-1, keepdim=True) + eps) / d) * weight).to(x.dtype)
    return norm
