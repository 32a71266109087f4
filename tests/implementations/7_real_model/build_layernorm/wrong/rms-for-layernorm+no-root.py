def build_layernorm(weight, bias, eps):
    def norm(x):
        z = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        return (z / (z.pow(2).mean(-1, keepdim=True) + eps) * weight + bias).to(x.dtype)

    return norm
