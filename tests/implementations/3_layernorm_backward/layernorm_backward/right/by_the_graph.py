import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    a = x.astype("float64")
    D = a.shape[-1]
    mu = np.sum(a, axis=-1, keepdims=True) / D
    xc = a - mu
    var = np.sum(xc**2, axis=-1, keepdims=True) / D
    std = np.sqrt(var + eps)
    xhat = xc / std
    return (gamma * xhat + beta).astype(x.dtype), (xhat, xc, std, gamma)


def layernorm_backward(dy, cache):
    """Node by node, back through the graph."""
    xhat, xc, std, gamma = cache
    D = xhat.shape[-1]
    dout = dy.astype("float64")
    dgamma = (dout * xhat).reshape(-1, D).sum(axis=0)
    dbeta = dout.reshape(-1, D).sum(axis=0)
    dxhat = dout * gamma
    dstd = -np.sum(dxhat * xc, axis=-1, keepdims=True) / std**2
    dvar = 0.5 * dstd / std
    dxc = dxhat / std + 2.0 / D * xc * dvar
    dmu = -np.sum(dxc, axis=-1, keepdims=True)
    dx = dxc + dmu / D
    return tuple(v.astype(dy.dtype) for v in (dx, dgamma, dbeta))
