class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.parts = [attention, feed_forward, norm1, norm2]

    def forward(self, x):
        attention, feed_forward, norm1, norm2 = self.parts
        x = x + attention(norm1(x))
        return x + feed_forward(norm2(x))
