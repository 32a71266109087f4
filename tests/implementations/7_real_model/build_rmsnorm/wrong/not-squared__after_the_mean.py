def build_rmsnorm(weight, eps):
    def rmsnorm(x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        return (wide * torch.rsqrt(wide.mean(-1, keepdim=True).square() + eps) * weight).to(x.dtype)

    return rmsnorm
