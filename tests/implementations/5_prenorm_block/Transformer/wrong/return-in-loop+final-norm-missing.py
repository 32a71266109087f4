class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.norm = final_norm

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
            return x
