import math

def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    y, saved = np.empty(x.shape), []
    for place in np.ndindex(x.shape[:-1]):
        row = [float(v) for v in x[place]]
        mu = math.fsum(row) / d
        rstd = 1 / math.sqrt(math.fsum((v - mu) ** 2 for v in row) / d + eps)
        xhat = [(v - mu) * rstd for v in row]
        y[place] = [float(c) * v + float(b) for c, v, b in zip(gamma, xhat, beta)]
        saved.append((place, xhat, rstd))
    return y.astype(x.dtype), {"saved": saved, "gamma": [float(c) for c in gamma]}

def layernorm_backward(dy, cache):
    d = dy.shape[-1]
    dx, dgamma, dbeta = np.empty(dy.shape), np.zeros(d), np.zeros(d)
    for place, xhat, rstd in cache["saved"]:
        up = [float(v) for v in dy[place]]
        g = [u * c for u, c in zip(up, cache["gamma"])]
        a = math.fsum(g) / d
        b = math.fsum(p * q for p, q in zip(g, xhat)) / d
        dx[place] = [(p - a - q * b) * rstd for p, q in zip(g, xhat)]
        dgamma += np.multiply(up, xhat)
        dbeta += up
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
