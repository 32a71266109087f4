import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """Works on the transpose, so that the sums run down axis 0 and the statistics broadcast by themselves."""
    z = np.moveaxis(x, -1, 0).astype(np.promote_types(x.dtype, "float32"))
    mu = z.sum(axis=0) / len(z)
    var = ((z - mu) ** 2).sum(axis=0) / len(z)
    x_hat = np.moveaxis((z - mu) / np.sqrt(var + eps), 0, -1)
    return (x_hat * gamma + beta).astype(x.dtype), (x_hat, var)
