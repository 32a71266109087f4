def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    mu = w.mean(-1)[:, None]
    v = w.var(-1)[:, None]
    return (gamma * (w - mu) / np.sqrt(v + eps) + beta).astype(x.dtype), None
