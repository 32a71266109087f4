import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    centred = wide - wide.mean(axis=-1, keepdims=True)
    std = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * centred / std + beta).astype(x.dtype), (centred, std, gamma)


def layernorm_backward(dy, cache):
    """Node by node; the mean's node averages what it should add up."""
    centred, std, gamma = cache
    d = dy.shape[-1]
    up = dy.astype(np.float64)
    dxhat = up * gamma
    dstd = -(dxhat * centred).sum(axis=-1, keepdims=True) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + dvar * 2 * centred / d
    dmu = -dcentred.mean(axis=-1, keepdims=True)
    dx = dcentred + dmu / d
    dgamma = (up * centred / std).reshape(-1, d).sum(axis=0)
    dbeta = up.reshape(-1, d).sum(axis=0)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
