class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.final_norm = final_norm

    def forward(self, x):
        for i in range(len(self.blocks) - 1):
            x = self.blocks[i](x)
        return self.final_norm(x)
