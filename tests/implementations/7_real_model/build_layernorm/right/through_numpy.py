import torch
import numpy as np


def build_layernorm(weight, bias, eps):
    w, b = (weight.double().numpy(), bias.double().numpy())

    def norm(x):
        z = x.double().numpy()
        m = z.mean(-1, keepdims=True)
        return torch.from_numpy((z - m) / np.sqrt(z.var(-1, keepdims=True) + eps) * w + b).to(x.dtype)
    return norm
