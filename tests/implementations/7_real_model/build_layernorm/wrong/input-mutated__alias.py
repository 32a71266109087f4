def build_layernorm(weight, bias, eps):
    def norm(x):
        w = x.float()
        w -= w.mean(-1, keepdim=True)
        w /= torch.sqrt(w.square().mean(-1, keepdim=True) + eps)
        return (w * weight + bias).to(x.dtype)
    return norm
