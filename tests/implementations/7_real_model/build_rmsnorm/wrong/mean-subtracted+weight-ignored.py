def build_rmsnorm(weight, eps):
    def norm(x):
        z = x.double()
        z = z - z.mean(dim=-1, keepdim=True)
        return (z * torch.rsqrt(z.square().mean(dim=-1, keepdim=True) + eps)).to(x.dtype)

    return norm
