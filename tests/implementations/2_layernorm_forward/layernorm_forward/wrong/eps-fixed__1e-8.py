import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    eps = 1e-8
    z = x.astype(np.float64)
    mu, var = z.mean(axis=-1, keepdims=True), z.var(axis=-1, keepdims=True)
    return (gamma * (z - mu) / np.sqrt(var + eps) + beta).astype(x.dtype), (mu, var)
