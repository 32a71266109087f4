def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        return (w / (w.square().sum(-1, keepdim=True).sqrt() + eps) * weight).to(x.dtype)
    return norm
