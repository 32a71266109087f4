import numpy as np


def numerical_gradient(f, x, dy, h=1e-5):
    import torch

    t = torch.tensor(x, requires_grad=True)
    (f(t) * torch.tensor(dy)).sum().backward()
    return t.grad.numpy()
