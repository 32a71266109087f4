class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.final_norm = final_norm
    def forward(self, x):
        y = x
        for block in self.blocks:
            y = block(y)
        return x + self.final_norm(y)
