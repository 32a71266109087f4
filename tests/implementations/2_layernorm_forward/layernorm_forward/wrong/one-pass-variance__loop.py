import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    y = np.empty(x.shape, dtype=np.float64)
    for where in np.ndindex(x.shape[:-1]):
        s = s2 = np.float32(0)
        for v in x[where].astype(np.float32):
            s += v
            s2 += v * v
        n = x.shape[-1]
        mu = s / n
        var = abs(s2 / n - mu * mu)
        y[where] = gamma * (x[where] - mu) / np.sqrt(var + eps) + beta
    return y.astype(x.dtype), None
