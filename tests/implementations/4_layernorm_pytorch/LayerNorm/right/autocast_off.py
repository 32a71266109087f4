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
        with torch.autocast(x.device.type, enabled=False):
            w = wide(x)
            c = w - w.mean(-1, keepdim=True)
            v = torch.einsum("...i,...i->...", c, c)[..., None] / x.shape[-1]
            return torch.addcmul(self.bias.to(w.dtype), c / torch.sqrt(v + self.eps), self.weight.to(w.dtype)).to(x.dtype)
