class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.layers = nn.Sequential(*blocks, final_norm)

    def forward(self, x):
        return self.layers(x)
