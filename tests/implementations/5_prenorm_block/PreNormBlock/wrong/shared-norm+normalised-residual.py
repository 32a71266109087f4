class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.sublayers = nn.ModuleList([attention, feed_forward])
        self.norm, self.unused = norm1, norm2

    def forward(self, x):
        for sublayer in self.sublayers:
            x = self.norm(x)
            x = x + sublayer(x)
        return x
