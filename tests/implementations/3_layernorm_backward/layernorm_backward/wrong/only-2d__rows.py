import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    w = x.astype(np.float64)
    hats, stds = [], []
    for row in w:
        stds.append(np.sqrt(np.mean((row - row.mean()) ** 2) + eps))
        hats.append((row - row.mean()) / stds[-1])
    return (np.array(hats) * gamma + beta).astype(x.dtype), (hats, stds, gamma)


def layernorm_backward(dy, cache):
    hats, stds, gamma = cache
    dx = []
    dgamma = np.zeros(gamma.shape)
    dbeta = np.zeros(gamma.shape)
    for up, hat, std in zip(dy, hats, stds):
        g = up.astype(np.float64) * gamma
        dx.append((g - g.mean() - hat * (g * hat).mean()) / std)
        dgamma += up * hat
        dbeta += up
    return np.array(dx).astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)
