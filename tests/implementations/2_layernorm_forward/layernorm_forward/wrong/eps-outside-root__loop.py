import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    y = np.zeros(x.shape)
    for i in np.ndindex(x.shape[:-1]):
        row = x[i].astype(float)
        mu = sum(row) / len(row)
        sigma = (sum((v - mu) ** 2 for v in row) / len(row)) ** 0.5
        y[i] = gamma * ((row - mu) / (sigma + eps)) + beta
    return y.astype(x.dtype), x
