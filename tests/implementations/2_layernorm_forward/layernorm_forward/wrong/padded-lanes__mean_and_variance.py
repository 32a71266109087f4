import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    block = 2 ** int(np.ceil(np.log2(d)))
    row = np.pad(x.astype(np.float64), [(0, 0)] * (x.ndim - 1) + [(0, block - d)])
    mu = row.mean(axis=-1, keepdims=True)
    var = row.var(axis=-1, keepdims=True)
    y = ((row - mu) / np.sqrt(var + eps))[..., :d]
    return (gamma * y + beta).astype(x.dtype), (mu, var)
