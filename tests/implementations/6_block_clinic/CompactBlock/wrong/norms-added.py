class CompactBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention, self.feed_forward = attention, feed_forward
        self.norm1, self.norm2 = norm1, norm2

    def forward(self, x):
        for branch in (self.attention, self.feed_forward):
            x = x + branch((self.norm1(x) + self.norm2(x)) / 2)
        return x
