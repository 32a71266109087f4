import numpy as np

state = {}


def rmsnorm_forward(x, gamma, eps=1e-5):
    w = x.astype(np.float64)
    state["r"] = np.sqrt((w**2).mean(axis=-1, keepdims=True) + eps)
    return (gamma * w / state["r"]).astype(x.dtype), (w, gamma)


def rmsnorm_backward(dy, cache):
    w, gamma = cache
    r = state["r"]
    up = dy.astype(np.float64)
    g = up * gamma
    dx = (g - w / r * (g * w / r).mean(axis=-1, keepdims=True)) / r
    return dx.astype(dy.dtype), (up * w / r).reshape(-1, w.shape[-1]).sum(axis=0).astype(dy.dtype)
