def build_layernorm(weight, bias, eps):
    return lambda x: ((x - x.mean()) / torch.sqrt(x.float().var() + eps) * weight + bias).to(x.dtype)
