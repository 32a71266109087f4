import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    f = np.float32
    rows = x.reshape(-1, x.shape[-1]).astype(f)
    out = np.zeros_like(rows)
    for r, row in enumerate(rows):
        total = f(0)
        for value in row:
            total += value * value
        out[r] = gamma.astype(f) * (row / np.sqrt(total / f(len(row)) + f(eps)))
    return out.reshape(x.shape).astype(x.dtype), None
