import torch
from torch import nn
from torch.nn import functional as F


class P(nn.Module):

    def __init__(self, d, eps=1e-05):
        super().__init__()
        self.weight, self.bias, self.eps = (nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), eps)


def wide(x):
    return x.to(torch.promote_types(x.dtype, torch.float32))


class LayerNorm(P):

    def forward(self, x):
        w = wide(x)
        c = w - w.mean(-1, keepdim=True)
        return (F.normalize(c, dim=-1, eps=self.eps) * x.shape[-1] ** 0.5 * self.weight + self.bias).to(x.dtype)
