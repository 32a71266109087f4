import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mu = wide.mean()
    var = ((wide - mu) ** 2).mean(axis=-1, keepdims=True)
    x_hat = (wide - mu) / np.sqrt(var + eps)
    y = gamma * x_hat + beta
    return y.astype(x.dtype), (x_hat, gamma)
