import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    y = np.zeros(x.shape)
    for where in np.ndindex(x.shape[:-1]):
        token = x[where].astype(np.float64)
        y[where] = gamma * (token - token.mean()) / np.sqrt(token.var() + eps) + beta
    return y, x
