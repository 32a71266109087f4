import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    y = np.empty_like(x)
    for i in range(x.shape[0]):
        row = x[i].astype(np.float64)
        y[i] = gamma * (row - row.mean()) / np.sqrt(row.var() + eps) + beta
    return y, x
