class _Sublayer(nn.Module):
    def __init__(self, norm, fn):
        super().__init__()
        self.norm, self.fn = norm, fn
    def forward(self, x, **kwargs):
        return self.fn(self.norm(x), **kwargs) + x

class PreNormBlock(nn.Sequential):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__(_Sublayer(norm1, attention), _Sublayer(norm2, feed_forward))
