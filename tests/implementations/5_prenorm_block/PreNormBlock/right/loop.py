class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.branches = nn.ModuleList([nn.Sequential(norm1, attention), nn.Sequential(norm2, feed_forward)])

    def forward(self, x):
        for branch in self.branches:
            x = x + branch(x)
        return x
