def build_rmsnorm(weight, eps):
    def rmsnorm(x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        scale = torch.rsqrt(x.float().square().mean(-1, keepdim=True) + eps)
        x.mul_(scale)
        return (x * weight).to(x.dtype)
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps) * weight).to(x.dtype)

    return rmsnorm
