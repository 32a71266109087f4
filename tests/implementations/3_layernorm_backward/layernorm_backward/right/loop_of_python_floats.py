import math

import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    rows, rstds, out = [], [], []
    for row in x.reshape(-1, d).tolist():
        mu = sum(row) / d
        var = sum((v - mu) ** 2 for v in row) / d
        r = 1 / math.sqrt(var + eps)
        hat = [(v - mu) * r for v in row]
        rows.append(hat)
        rstds.append(r)
        out.append([h * g + b for h, g, b in zip(hat, gamma.tolist(), beta.tolist())])
    return np.array(out, dtype=x.dtype).reshape(x.shape), (rows, rstds, gamma.tolist())


def layernorm_backward(dy, cache):
    rows, rstds, gamma = cache
    d = len(gamma)
    dx, dgamma, dbeta = [], [0.0] * d, [0.0] * d
    for up, hat, r in zip(dy.reshape(-1, d).tolist(), rows, rstds):
        g = [u * w for u, w in zip(up, gamma)]
        a = sum(g) / d
        b = sum(p * q for p, q in zip(g, hat)) / d
        dx.append([(p - a - q * b) * r for p, q in zip(g, hat)])
        for i in range(d):
            dgamma[i] += up[i] * hat[i]
            dbeta[i] += up[i]
    return np.array(dx, dtype=dy.dtype).reshape(dy.shape), np.array(dgamma, dtype=dy.dtype), np.array(dbeta, dtype=dy.dtype)
