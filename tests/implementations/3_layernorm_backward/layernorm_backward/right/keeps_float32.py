import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """float32 stays float32 throughout; only float16 is widened."""
    kind = np.float32 if x.dtype == np.float16 else x.dtype
    work = x.astype(kind)
    n = work - work.mean(axis=-1, keepdims=True)
    r = 1 / np.sqrt((n * n).mean(axis=-1, keepdims=True) + np.array(eps, kind))
    n = n * r
    return (n * gamma.astype(kind) + beta.astype(kind)).astype(x.dtype), (n, r, gamma.astype(kind), x.dtype)


def layernorm_backward(dy, cache):
    n, r, gamma, dtype = cache
    dy = dy.astype(n.dtype)
    g = dy * gamma
    dx = r * (g - g.mean(axis=-1, keepdims=True) - n * (g * n).mean(axis=-1, keepdims=True))
    all_but_last = tuple(i for i in range(n.ndim) if i != n.ndim - 1)
    return dx.astype(dtype), np.sum(dy * n, axis=all_but_last).astype(dtype), np.sum(dy, axis=all_but_last).astype(dtype)
