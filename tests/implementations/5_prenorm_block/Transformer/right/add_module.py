class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.depth = len(blocks)
        for i, block in enumerate(blocks):
            self.add_module(f"block{i}", block)
        self.norm = final_norm

    def forward(self, x):
        i = 0
        while i < self.depth:
            x = getattr(self, f"block{i}")(x)
            i += 1
        return self.norm(x)
