import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    flat = x.view()
    flat.shape = (x.size,)
    rows = flat.reshape(-1, x.shape[-1]).astype(np.float64)
    mu, var = rows.mean(axis=1, keepdims=True), rows.var(axis=1, keepdims=True)
    y = gamma * (rows - mu) / np.sqrt(var + eps) + beta
    return y.reshape(x.shape).astype(x.dtype), (mu, var)
