import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """Everything in float32, one feature after another."""
    d = x.shape[-1]
    n = np.float32(d)
    rows = x.reshape(-1, d).astype(np.float32)
    hats = np.empty_like(rows)
    rstds = np.empty(len(rows), dtype=np.float32)
    for t, row in enumerate(rows):
        mu = np.float32(0)
        for v in row:
            mu += v
        mu /= n
        var = np.float32(0)
        for v in row:
            var += (v - mu) * (v - mu)
        rstds[t] = np.float32(1) / np.sqrt(var / n + np.float32(eps))
        hats[t] = (row - mu) * rstds[t]
    y = hats * gamma.astype(np.float32) + beta.astype(np.float32)
    return y.reshape(x.shape).astype(x.dtype), (hats, rstds, gamma.astype(np.float32))


def layernorm_backward(dy, cache):
    hats, rstds, gamma = cache
    d = len(gamma)
    n = np.float32(d)
    ups = dy.reshape(-1, d).astype(np.float32)
    dx = np.empty_like(ups)
    dgamma = np.zeros(d, dtype=np.float32)
    dbeta = np.zeros(d, dtype=np.float32)
    for t in range(len(ups)):
        g = ups[t] * gamma
        first = second = np.float32(0)
        for i in range(d):
            first += g[i]
            second += g[i] * hats[t, i]
        dx[t] = (g - first / n - hats[t] * (second / n)) * rstds[t]
        dgamma += ups[t] * hats[t]
        dbeta += ups[t]
    return dx.reshape(dy.shape).astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
