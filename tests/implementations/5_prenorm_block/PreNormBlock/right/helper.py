class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention = attention
        self.feed_forward = feed_forward
        self.norm1 = norm1
        self.norm2 = norm2

    def add(self, x, norm, branch):
        return x + branch(norm(x))

    def forward(self, x):
        x = self.add(x, self.norm1, self.attention)
        x = self.add(x, self.norm2, self.feed_forward)
        return x
