from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


class FeedForward(nn.Module):

    def __init__(self, d, hidden):
        super().__init__()
        self.up, self.down = (nn.Linear(d, hidden), nn.Linear(hidden, d))

    def _f(self, x):
        return self.down(F.gelu(self.up(x)))

    def forward(self, x):
        return checkpoint(self._f, x, use_reentrant=False)
