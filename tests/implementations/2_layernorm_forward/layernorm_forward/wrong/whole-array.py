import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype(np.float64)
    x_hat = (z - z.mean()) / np.sqrt(z.var() + eps)
    return (gamma * x_hat + beta).astype(x.dtype), x_hat
