from torch import nn


class Add(nn.Sequential):

    def forward(self, x):
        return x + super().forward(x)


class PreNormBlock(nn.Sequential):

    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__(Add(norm1, attention), Add(norm2, feed_forward))
