class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention = attention
        self.feed_forward = feed_forward
        self.norm1 = norm1
        self.norm2 = norm2

    def forward(self, x):
        for name in ("attention", "feed_forward"):
            norm = self.norm1 if name == "attention" else self.norm2
            x = torch.stack((x, getattr(self, name)(norm(x)))).sum(0)
        return x
