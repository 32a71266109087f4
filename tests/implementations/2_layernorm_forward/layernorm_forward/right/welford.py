import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype(np.float64)
    mean = np.zeros(x.shape[:-1])
    m2 = np.zeros(x.shape[:-1])
    for count in range(1, x.shape[-1] + 1):
        value = wide[..., count - 1]
        delta = value - mean
        mean = mean + delta / count
        m2 = m2 + delta * (value - mean)
    var = m2 / x.shape[-1]
    normed = (wide - np.expand_dims(mean, -1)) / np.expand_dims(np.sqrt(var + eps), -1)
    return (normed * gamma + beta).astype(x.dtype), (normed, var)
