class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks = [*blocks, final_norm]

    def forward(self, x):
        for layer in self.blocks:
            x = layer(x)
        return x
