class MigratedModel(nn.Module):
    def __init__(self, blocks, norm, head):
        super().__init__()
        self.blocks, self.norm, self.head = nn.ModuleList(blocks), norm, head

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(F.normalize(x, dim=-1))
