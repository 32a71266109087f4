from torch import nn


class Transformer(nn.Module):

    def __init__(self, blocks, final_norm):
        super().__init__()
        self.n = len(blocks)
        for i, b in enumerate(blocks):
            setattr(self, f"block{i}", b)
        self.norm = final_norm

    def forward(self, x):
        for i in range(self.n):
            x = getattr(self, f"block{i}")(x)
        return self.norm(x)
