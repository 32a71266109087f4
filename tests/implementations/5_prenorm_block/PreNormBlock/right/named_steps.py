class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention = attention
        self.feed_forward = feed_forward
        self.norm1 = norm1
        self.norm2 = norm2

    def forward(self, x):
        normed = self.norm1(x)
        after_attention = torch.add(x, self.attention(normed))
        normed = self.norm2(after_attention)
        return torch.add(after_attention, self.feed_forward(normed))
