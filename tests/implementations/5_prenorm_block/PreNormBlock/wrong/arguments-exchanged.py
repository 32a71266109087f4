from torch import nn


class PreNormBlock(nn.Module):
    def __init__(self, norm1, attention, norm2, feed_forward):
        super().__init__()
        self.attention = attention
        self.feed_forward = feed_forward
        self.norm1 = norm1
        self.norm2 = norm2

    def forward(self, x):
        h = x + self.attention(self.norm1(x))
        return h + self.feed_forward(self.norm2(h))
