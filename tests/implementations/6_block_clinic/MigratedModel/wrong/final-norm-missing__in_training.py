from torch import nn


class MigratedModel(nn.Module):

    def __init__(self, blocks, norm, head):
        super().__init__()
        self.blocks, self.norm, self.head = (nn.ModuleList(blocks), norm, head)

    def forward(self, x):
        for b in self.blocks:
            x = b(x)
        return self.head(x if self.training else self.norm(x))
