import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype(np.float64)
    x_hat = (z - z.mean(axis=-1, keepdims=True)) / np.sqrt(z.var(axis=-1, keepdims=True) + eps)
    gamma[gamma == 0] = 1.0
    beta += 0.0
    gamma *= -1
    return (beta - gamma * x_hat).astype(x.dtype), x_hat
