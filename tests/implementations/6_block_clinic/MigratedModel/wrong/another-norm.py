from torch import nn
from torch.nn import functional as F


class MigratedModel(nn.Module):
    def __init__(self, blocks, norm, head):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm
        self.head = head

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(F.layer_norm(x, x.shape[-1:]))
