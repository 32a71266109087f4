def fast_layer_norm(x, gamma, beta, eps=1e-5):
    mean, m2 = x[..., :1] * 0, x[..., :1] * 0
    for n in range(x.shape[-1]):
        v = x[..., n : n + 1]
        delta = v - mean
        mean = mean + delta / (n + 1)
        m2 = m2 + delta * (v - mean)
    return (x - mean) * torch.rsqrt(m2 / x.shape[-1] + eps) * gamma + beta
