import torch
from torch import nn


class B(nn.Module):

    def __init__(self, d, eps=1e-05):
        super().__init__()
        self.weight, self.bias, self.eps = (nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), eps)


class TokenNorm(B):

    def forward(self, x):
        with torch.no_grad():
            m, v = (x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True))
        return (x - m) / (v + self.eps).sqrt() * self.weight + self.bias
