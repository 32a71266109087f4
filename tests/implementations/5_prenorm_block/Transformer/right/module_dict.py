from torch import nn


class Transformer(nn.Module):

    def __init__(self, blocks, final_norm):
        super().__init__()
        self.parts = nn.ModuleDict({str(i): b for i, b in enumerate(blocks)})
        self.norm = final_norm

    def forward(self, x):
        for name in self.parts:
            x = self.parts[name](x)
        return self.norm(x)
