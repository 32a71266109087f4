def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.float()
        a = w.abs().amax(-1, keepdim=True).clamp(min=1e-30)
        u = w / a
        return (u / torch.sqrt(u.square().mean(-1, keepdim=True) + eps / a**2) * weight).to(x.dtype)
    return norm
