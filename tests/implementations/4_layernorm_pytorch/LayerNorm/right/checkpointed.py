import torch
from torch import nn


class P(nn.Module):

    def __init__(self, d, eps=1e-05):
        super().__init__()
        self.weight, self.bias, self.eps = (nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), eps)


def wide(x):
    return x.to(torch.promote_types(x.dtype, torch.float32))


from torch.utils.checkpoint import checkpoint


class LayerNorm(P):

    def f(self, x):
        w = wide(x)
        v, m = torch.var_mean(w, -1, correction=0, keepdim=True)
        return ((w - m) / (v + self.eps).sqrt() * self.weight + self.bias).to(x.dtype)

    def forward(self, x):
        return checkpoint(self.f, x, use_reentrant=False)
