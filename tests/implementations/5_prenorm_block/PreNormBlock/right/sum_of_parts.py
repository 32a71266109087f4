class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention = attention
        self.feed_forward = feed_forward
        self.norm1 = norm1
        self.norm2 = norm2

    def forward(self, x):
        written_by_attention = self.attention(self.norm1(x))
        written_by_network = self.feed_forward(self.norm2(x + written_by_attention))
        return x + written_by_attention + written_by_network
