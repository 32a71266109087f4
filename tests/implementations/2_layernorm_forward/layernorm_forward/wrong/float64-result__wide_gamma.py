import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """The statistics are converted back, but a float64 gamma widens the product again."""
    z = x.astype(np.float32)
    mu = z.mean(axis=-1, keepdims=True)
    rstd = 1 / np.sqrt(np.square(z - mu).mean(axis=-1, keepdims=True) + np.float32(eps))
    return gamma * ((z - mu) * rstd) + beta, (mu, rstd)
