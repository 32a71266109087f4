from torch import nn


class PreNormBlock(nn.Module):
    """Norms and branches are zipped once, and used up by the first call."""

    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.parts = nn.ModuleList((attention, feed_forward, norm1, norm2))
        self.steps = zip((norm1, norm2), (attention, feed_forward))

    def forward(self, x):
        for norm, branch in self.steps:
            x = x + branch(norm(x))
        return x
