import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    wide = x.astype(np.float64)
    total = wide**2
    while total.shape[-1] > 1:
        half = total.shape[-1] // 2
        total = total[..., :half] + total[..., half : 2 * half]
    rms = np.sqrt(total / x.shape[-1] + eps)
    return (gamma * wide / rms).astype(x.dtype), rms
