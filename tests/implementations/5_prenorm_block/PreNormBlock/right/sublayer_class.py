class Sublayer(nn.Module):
    def __init__(self, norm, branch):
        super().__init__()
        self.norm, self.branch = norm, branch

    def forward(self, x):
        return x + self.branch(self.norm(x))

class PreNormBlock(nn.Sequential):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__(Sublayer(norm1, attention), Sublayer(norm2, feed_forward))
