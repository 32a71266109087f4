def fast_layer_norm(x, gamma, beta, eps=1e-5):
    w = x
    mean = w.mean(-1, keepdim=True)
    c = w - mean
    v = torch.einsum("...i,...i->...", c, c).unsqueeze(-1) / x.shape[-1]
    return (c * (v + eps) ** -0.5 * gamma + beta).to(x.dtype)
