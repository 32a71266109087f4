import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    def loss(values):
        total = 0.0
        out = f(np.array(values, dtype=float).reshape(x.shape))
        for a, b in zip(np.asarray(out).ravel().tolist(), np.asarray(dy).ravel().tolist()):
            total += a * b
        return total

    values = [float(v) for v in x.ravel()]
    grad = []
    for k, v in enumerate(values):
        plus = loss(values[:k] + [v + h] + values[k + 1 :])
        minus = loss(values[:k] + [v - h] + values[k + 1 :])
        grad.append((plus - minus) / (2 * h))
    return np.array(grad, dtype=x.dtype).reshape(x.shape)
