def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    w = x.float() if x.dtype == torch.bfloat16 else x
    mean = w.mean(-1, keepdim=True)
    c = w - mean
    return (c / (c.square().mean(-1, keepdim=True) + 1e-5).sqrt() * gamma + beta).to(x.dtype)
