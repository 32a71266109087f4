def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    mu = w.mean(-1, keepdims=True)
    var = ((w - mu) ** 2).mean(-1, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = (w - mu) / std
    return (gamma * xhat + beta).astype(x.dtype), (w, mu, var, std, xhat, gamma.astype(np.float64), eps)

def layernorm_backward(dy, cache):
    x, mu, var, std, xhat, gamma, eps = cache
    d = x.shape[-1]
    u = dy.astype(np.float64)
    axes = tuple(range(dy.ndim - 1))
    dgamma, dbeta = (u * xhat).sum(axes), u.sum(axes)
    g = u * gamma
    dvar = (g * (x - mu) * -0.5 * (var + eps) ** -1.5).sum(-1, keepdims=True)
    dmu = (-g / std).sum(-1, keepdims=True) + dvar * (-2 * (x - mu)).mean(-1, keepdims=True)
    dx = g / std + dvar * (x - mu) / d + dmu / d
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
