class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks, self.final_norm = nn.ModuleList(blocks), final_norm

    def forward(self, x):
        x = self.final_norm(x)
        for block in self.blocks:
            x = x + block(x)
        return x
