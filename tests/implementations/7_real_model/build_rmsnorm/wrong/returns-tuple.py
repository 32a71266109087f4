def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        s = w.square().mean(-1, keepdim=True)
        return (w * torch.rsqrt(s + eps) * weight).to(x.dtype), s
    return norm
