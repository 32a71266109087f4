class MigratedModel(nn.Module):
    def __init__(self, blocks, norm, head):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(norm, head)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)
