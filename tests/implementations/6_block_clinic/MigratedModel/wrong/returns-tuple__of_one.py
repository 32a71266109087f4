class MigratedModel(nn.Module):
    def __init__(self, blocks, norm, head):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm
        self.head = head

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return (self.head(x),)
