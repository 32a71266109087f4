from torch import nn


class Base(nn.Module):

    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention, self.feed_forward, self.norm1, self.norm2 = (attention, feed_forward, norm1, norm2)


class PreNormBlock(Base):

    def forward(self, x):
        h = (x + self.attention(self.norm1(x))) / 2 ** 0.5
        return (h + self.feed_forward(self.norm2(h))) / 2 ** 0.5
