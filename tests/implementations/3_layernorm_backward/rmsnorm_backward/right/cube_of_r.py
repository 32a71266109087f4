def rmsnorm_forward(x, gamma, eps=1e-5):
    w = x.astype(np.float64)
    r = np.sqrt((w**2).mean(-1, keepdims=True) + eps)
    return (gamma * w / r).astype(x.dtype), (w, r, gamma.astype(np.float64))

def rmsnorm_backward(dy, cache):
    x, r, gamma = cache
    d = x.shape[-1]
    u = dy.astype(np.float64)
    dgamma = (u * x / r).sum(tuple(range(dy.ndim - 1)))
    g = u * gamma
    dx = g / r - x * (g * x).sum(-1, keepdims=True) / (d * r**3)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
