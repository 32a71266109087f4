import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mu = wide.mean(axis=-1, keepdims=True)
    std = np.sqrt(wide.var(axis=-1, keepdims=True) + eps)
    y = gamma * (wide - mu) / std + beta
    return {"x": x, "mean": mu, "std": std, "gamma": gamma}, y.astype(x.dtype)
