import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    y = np.empty(x.shape, x.dtype)
    roots = {}
    for t in np.ndindex(x.shape[:-1]):
        total = 0.0
        for v in x[t]:
            total += float(v) * float(v)
        roots[t] = (total / x.shape[-1] + eps) ** 0.5
        y[t] = [float(v) / roots[t] * float(w) for v, w in zip(x[t], gamma)]
    return y, (x.copy(), gamma.copy(), roots)


def rmsnorm_backward(dy, cache):
    x, gamma, roots = cache
    d = x.shape[-1]
    dx = np.empty(x.shape, x.dtype)
    dgamma = [0.0] * d
    for t, r in roots.items():
        hat = [float(v) / r for v in x[t]]
        g = [float(u) * float(w) for u, w in zip(dy[t], gamma)]
        c = sum(a * b for a, b in zip(g, hat)) / d
        dx[t] = [(a - b * c) / r for a, b in zip(g, hat)]
        for i in range(d):
            dgamma[i] += float(dy[t][i]) * hat[i]
    return dx, np.array(dgamma, dtype=x.dtype)
