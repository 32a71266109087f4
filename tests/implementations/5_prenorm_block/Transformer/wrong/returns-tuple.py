class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.final_norm = final_norm
    def forward(self, x):
        states = []
        for block in self.blocks:
            states.append(x)
            x = block(x)
        return self.final_norm(x), states
