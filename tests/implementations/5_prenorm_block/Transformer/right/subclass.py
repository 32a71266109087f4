class Transformer(nn.Sequential):
    def __init__(self, blocks, final_norm):
        super().__init__(*blocks)
        self.final_norm = final_norm

    def forward(self, x):
        return super().forward(x)
