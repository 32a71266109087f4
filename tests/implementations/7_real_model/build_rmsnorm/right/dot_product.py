import torch


def build_rmsnorm(weight, eps):

    def norm(x):
        z = x.to(torch.promote_types(x.dtype, torch.float32))
        s = (z.unsqueeze(-2) @ z.unsqueeze(-1)).squeeze(-1)
        return (z * weight / (s / z.size(-1) + eps).sqrt()).to(x.dtype)
    return norm
