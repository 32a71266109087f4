def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        s = w.square().mean(-1, keepdim=True)
        return ((w * weight) * torch.rsqrt((w * weight).square().mean(-1, keepdim=True) + eps)).to(x.dtype)
    return norm
