import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    d = x.shape[-1]
    rows = x.reshape(-1, d).astype(np.float32)
    roots = np.zeros((len(rows), 1), np.float32)
    for t in range(len(rows)):
        for v in rows[t]:
            roots[t, 0] += v * v
    roots = np.sqrt(roots / np.float32(d) + np.float32(eps))
    gamma32 = gamma.astype(np.float32)
    return (rows / roots * gamma32).reshape(x.shape).astype(x.dtype), (rows, roots, gamma32)


def rmsnorm_backward(dy, cache):
    rows, roots, gamma = cache
    d = rows.shape[1]
    ups = dy.reshape(-1, d).astype(np.float32)
    dx = np.zeros_like(rows)
    dgamma = np.zeros(d, np.float32)
    for t in range(len(rows)):
        hat = rows[t] / roots[t]
        g = ups[t] * gamma
        c = np.float32(0)
        for i in range(d):
            c += g[i] * hat[i]
        dx[t] = (g - hat * (c / np.float32(d))) / roots[t]
        dgamma += ups[t] * hat
    return dx.reshape(dy.shape).astype(dy.dtype), dgamma.astype(dy.dtype)
