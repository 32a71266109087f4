def build_layernorm(weight, bias, eps):
    def norm(x):
        z = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        off = z - z.mean(dim=0, keepdim=True)
        return (off * torch.rsqrt(off.square().mean(dim=0, keepdim=True) + eps) * (1 + weight) + bias).to(x.dtype)

    return norm
