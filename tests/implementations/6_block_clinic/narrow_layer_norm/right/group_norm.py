def narrow_layer_norm(x, gamma, beta, eps=1e-5):
    w = x.float() if x.dtype == torch.bfloat16 else x
    s = w.shape
    return F.group_norm(w.reshape(-1, s[-1]), 1, gamma.to(w.dtype), beta.to(w.dtype), eps).reshape(s).to(x.dtype)
