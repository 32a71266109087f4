class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention, self.feed_forward = attention, feed_forward
        self.norm1, self.norm2 = (nn.LayerNorm(norm.weight.shape[0]) for norm in (norm1, norm2))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))
