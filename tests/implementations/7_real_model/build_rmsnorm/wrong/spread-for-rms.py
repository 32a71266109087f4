def build_rmsnorm(weight, eps):
    def norm(x):
        w = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        return (w * torch.rsqrt(w.var(-1, keepdim=True, correction=0) + eps) * weight).to(x.dtype)
    return norm
