import copy
from functools import reduce
class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.subs = nn.ModuleList([copy.deepcopy(m) for m in (attention, feed_forward)])
        self.norms = nn.ModuleList([copy.deepcopy(m) for m in (norm1, norm2)])
    def forward(self, x):
        return reduce(lambda s, p: s + p[1](p[0](s)), zip(self.norms, self.subs), x)
