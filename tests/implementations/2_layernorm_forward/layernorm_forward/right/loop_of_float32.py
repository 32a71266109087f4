import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """Adds one feature after another in float32."""
    f = np.float32
    rows = x.reshape(-1, x.shape[-1]).astype(f)
    out = np.zeros(rows.shape, dtype=f)
    d = f(rows.shape[1])
    for r in range(len(rows)):
        total = f(0)
        for value in rows[r]:
            total = total + value
        mu = total / d
        total = f(0)
        for value in rows[r]:
            total = total + (value - mu) * (value - mu)
        rstd = f(1) / np.sqrt(total / d + f(eps))
        for i in range(rows.shape[1]):
            out[r, i] = f(gamma[i]) * ((rows[r, i] - mu) * rstd) + f(beta[i])
    return out.reshape(x.shape).astype(x.dtype), None
