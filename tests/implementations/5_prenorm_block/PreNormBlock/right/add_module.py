class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.add_module("attention", attention); self.add_module("feed_forward", feed_forward)
        self.add_module("norm1", norm1); self.add_module("norm2", norm2)
    def forward(self, x):
        y = self.attention(self.norm1(x))
        y = y.add(x)
        return self.feed_forward(self.norm2(y)).add(y)
