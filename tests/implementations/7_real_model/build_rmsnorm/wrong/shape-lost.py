def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.reshape(-1, x.shape[-1]).float()
        return (w * torch.rsqrt(w.square().mean(1, keepdim=True) + eps) * weight).to(x.dtype)

    return norm
