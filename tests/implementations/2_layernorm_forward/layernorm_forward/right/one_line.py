import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    z = x.astype("f8")
    return (gamma * (z - z.mean(-1, keepdims=True)) / (z.var(-1, keepdims=True) + eps) ** 0.5 + beta).astype(x.dtype), x
