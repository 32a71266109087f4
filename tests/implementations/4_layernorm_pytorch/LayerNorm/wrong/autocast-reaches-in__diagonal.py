import torch
from torch import nn


class P(nn.Module):

    def __init__(self, d, eps=1e-05):
        super().__init__()
        self.weight, self.bias, self.eps = (nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), eps)


def wide(x):
    return x.to(torch.promote_types(x.dtype, torch.float32))


class LayerNorm(P):

    def forward(self, x):
        w = wide(x)
        return ((w - w.mean(-1, keepdim=True)) * torch.rsqrt(w.var(-1, correction=0, keepdim=True) + self.eps) @ torch.diag(self.weight).to(w.dtype) + self.bias).to(x.dtype)
