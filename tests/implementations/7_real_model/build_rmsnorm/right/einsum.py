def build_rmsnorm(weight, eps):
    def norm(x):
        z = x.double()
        mean_square = torch.einsum("...d,...d->...", z, z) / z.shape[-1]
        return (z * torch.rsqrt(mean_square + eps).unsqueeze(-1) * weight).to(x.dtype)

    return norm
