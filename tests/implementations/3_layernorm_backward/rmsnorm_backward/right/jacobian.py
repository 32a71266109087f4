import numpy as np


def rmsnorm_forward(x, gamma, eps=1e-5):
    w = np.array(x, np.float64)
    r = np.sqrt(np.mean(np.square(w), -1) + eps)
    return (w / r[..., np.newaxis] * gamma).astype(x.dtype), (w, r, np.array(gamma, np.float64))


def rmsnorm_backward(dy, cache):
    w, r, gamma = cache
    d = w.shape[-1]
    dx = np.zeros(w.shape)
    dgamma = np.zeros(d)
    for t in np.ndindex(r.shape):
        hat = w[t] / r[t]
        jacobian = (np.identity(d) - np.outer(hat, hat) / d) / r[t]
        dx[t] = jacobian @ (gamma * dy[t])
        dgamma += dy[t] * hat
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype)
