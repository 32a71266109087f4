import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    t = x.astype(np.float64)
    d = t - t.mean(-1, keepdims=True)
    x_hat = d / np.mean(d ** 2 + eps, axis=-1, keepdims=True) ** 0.5
    return (gamma * x_hat + beta).astype(x.dtype), (x_hat, gamma)
