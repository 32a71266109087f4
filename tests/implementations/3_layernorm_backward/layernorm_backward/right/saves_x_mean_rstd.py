import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    work = x.astype(np.promote_types(x.dtype, np.float32))
    mean = work.mean(-1, keepdims=True)
    centred = work - mean
    rstd = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + work.dtype.type(eps))
    y = (centred * rstd * gamma + beta).astype(x.dtype)
    return y, {"x": x.copy(), "mean": mean, "rstd": rstd, "gamma": gamma}


def layernorm_backward(dy, cache):
    x, mean, rstd, gamma = cache["x"], cache["mean"], cache["rstd"], cache["gamma"]
    xhat = (x - mean) * rstd
    up = dy.astype(xhat.dtype)
    g = up * gamma.astype(xhat.dtype)
    c1 = np.mean(g, axis=-1, keepdims=True)
    c2 = np.mean(g * xhat, axis=-1, keepdims=True)
    dx = rstd * (g - c1 - c2 * xhat)
    d = x.shape[-1]
    dgamma = (up * xhat).reshape(-1, d).sum(0)
    dbeta = up.reshape(-1, d).sum(0)
    return dx.astype(x.dtype), dgamma.astype(x.dtype), dbeta.astype(x.dtype)
