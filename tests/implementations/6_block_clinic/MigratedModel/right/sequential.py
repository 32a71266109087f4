class MigratedModel(nn.Module):
    def __init__(self, blocks, norm, head):
        super().__init__()
        self.layers = nn.Sequential(*blocks, norm, head)

    def forward(self, x):
        return self.layers(x)
