import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    d = t - t.mean(-1, keepdims=True)
    s = np.hypot(t.std(-1, keepdims=True), np.sqrt(eps))
    return (d / s * gamma + beta).astype(x.dtype), {}
