import torch
from torch import nn


class FeedForward(nn.Module):

    def __init__(self, d, hidden):
        super().__init__()
        self.up, self.down = (nn.Linear(d, hidden), nn.Linear(hidden, d))

    def forward(self, x):
        h = self.up(x)
        return self.down(h * torch.special.ndtr(h))
