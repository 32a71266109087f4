def build_rmsnorm(weight, eps):
    def norm(x):
        z = x.to(torch.promote_types(x.dtype, torch.float32))
        z = z * torch.rsqrt(torch.mean(z * z, dim=-1, keepdim=True) + eps)
        return (weight * z.to(x.dtype)).to(x.dtype)

    return norm
