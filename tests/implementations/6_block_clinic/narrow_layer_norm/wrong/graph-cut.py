def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    with torch.no_grad():
        w = x.float() if x.dtype == torch.bfloat16 else x
        var, mean = torch.var_mean(w, dim=-1, keepdim=True, correction=0)
    return ((w - mean) * torch.rsqrt(var + eps) * gamma + beta).to(x.dtype)
