def build_layernorm(weight, bias, eps):
    def norm(x):
        w = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        c = w - w.mean(-1, keepdim=True)
        v = c.square().mean(-1, keepdim=True)
        n = torch.linalg.vector_norm(c, dim=-1, keepdim=True)
        d = x.shape[-1]
        return (c * (d**0.5 / torch.sqrt(n * n + d * eps)) * weight + bias).to(x.dtype)
    return norm
