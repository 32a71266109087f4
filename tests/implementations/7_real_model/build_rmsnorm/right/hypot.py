def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.double()
        d = x.shape[-1]
        r = torch.linalg.vector_norm(w, dim=-1, keepdim=True) / d**0.5
        return (w / torch.hypot(r, torch.full_like(r, eps**0.5)) * weight).to(x.dtype)
    return norm
