class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention, self.feed_forward, self.norm1, self.norm2 = attention, feed_forward, norm1, norm2

    def forward(self, x):
        h = x + self.norm1(self.attention(x))
        return h + self.feed_forward(self.norm2(h))
