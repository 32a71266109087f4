import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    import torch

    t, w, b = (torch.tensor(v, requires_grad=True) for v in (x, gamma, beta))
    y = torch.nn.functional.layer_norm(t, (x.shape[-1],), w, b, eps)
    return y.detach().numpy(), (y, t, w, b)


def layernorm_backward(dy, cache):
    import torch

    y, *leaves = cache
    return tuple(v.numpy() for v in torch.autograd.grad(y, leaves, torch.tensor(dy), retain_graph=True))
