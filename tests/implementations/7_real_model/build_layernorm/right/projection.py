def build_layernorm(weight, bias, eps):
    def norm(x):
        w = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        d = w.shape[-1]
        P = torch.eye(d, dtype=w.dtype) - torch.full((d, d), 1 / d, dtype=w.dtype)
        c = w @ P
        return (c * torch.rsqrt(c.square().mean(-1, keepdim=True) + eps) * weight + bias).to(x.dtype)
    return norm
