import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    xf = np.array(x, dtype=np.float64)
    mean = np.mean(xf, axis=-1, keepdims=True)
    var = np.mean((xf - mean) ** 2, axis=-1, keepdims=True)
    cache = {"x": xf, "mean": mean, "var": var, "eps": eps, "gamma": gamma.astype(np.float64)}
    return ((xf - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype), cache


def layernorm_backward(dy, cache):
    x, mean, var, eps, gamma = (cache[k] for k in ("x", "mean", "var", "eps", "gamma"))
    D = x.shape[-1]
    rstd = 1 / np.sqrt(var + eps)
    xhat = (x - mean) * rstd
    dout = dy.astype(np.float64)
    dgamma = np.sum((dout * (x - mean) / np.sqrt(var)).reshape(-1, D), axis=0)
    dbeta = np.sum(dout.reshape(-1, D), axis=0)
    dxhat = dout * gamma
    dx = rstd / D * (D * dxhat - np.sum(dxhat, axis=-1, keepdims=True) - xhat * np.sum(dxhat * xhat, axis=-1, keepdims=True))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
