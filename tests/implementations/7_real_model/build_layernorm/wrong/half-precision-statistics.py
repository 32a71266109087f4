def build_layernorm(weight, bias, eps):
    def layernorm(x):
        wide = x
        centred = wide - wide.mean(-1, keepdim=True)
        variance = centred.square().mean(-1, keepdim=True)
        return (centred * torch.rsqrt(variance + eps) * weight + bias).to(x.dtype)

    return layernorm
