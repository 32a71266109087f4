from torch import nn
from torch.nn import functional as F


class FeedForward(nn.Module):
    """Its steps are an iterator, which the first call uses up."""

    def __init__(self, d, hidden):
        super().__init__()
        self.up, self.down = nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.steps = iter((self.up, F.gelu, self.down))

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x
