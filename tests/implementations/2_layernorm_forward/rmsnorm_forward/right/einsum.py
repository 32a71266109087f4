import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    z = np.asarray(x, dtype=np.float64)
    rstd = (np.einsum("...i,...i->...", z, z) / z.shape[-1] + eps) ** -0.5
    return np.einsum("...i,...,i->...i", z, rstd, gamma).astype(x.dtype), (x, rstd)
