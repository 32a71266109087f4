class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.layers = nn.ModuleList(blocks)
        self.norm = [final_norm]
    def forward(self, x):
        for block in self.layers:
            x = block(x)
        return self.norm[0](x)
