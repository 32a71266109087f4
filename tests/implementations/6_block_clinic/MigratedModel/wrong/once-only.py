from torch import nn


class MigratedModel(nn.Module):

    def __init__(self, blocks, norm, head):
        super().__init__()
        self.it, self.norm, self.head = (iter(blocks), norm, head)
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x):
        for b in self.it:
            x = b(x)
        return self.head(self.norm(x))
