def build_rmsnorm(weight, eps):
    def norm(x):
        z = x.float()
        return (z / torch.sqrt(torch.sum(z**2, dim=-1, keepdim=True) + eps) * (weight + 1)).to(x.dtype)

    return norm
