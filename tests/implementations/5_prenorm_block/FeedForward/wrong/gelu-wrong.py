from torch import nn
from torch.nn import functional as F


class FeedForward(nn.Module):

    def __init__(self, d, hidden):
        super().__init__()
        self.up, self.down = (nn.Linear(d, hidden), nn.Linear(hidden, d))

    def forward(self, x):
        return self.down(F.gelu(self.up(x)).clamp(max=6))
