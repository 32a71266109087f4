import torch


def build_rmsnorm(weight, eps):

    def norm(x):
        return (x * torch.rsqrt((x * x).float().mean(-1, keepdim=True) + eps) * weight).to(x.dtype)
    return norm
