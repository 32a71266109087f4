def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.float()
        return (w / (w.norm(dim=-1, keepdim=True) / x.shape[-1] + eps) * weight).to(x.dtype)
    return norm
