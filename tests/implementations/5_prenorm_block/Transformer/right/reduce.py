from functools import reduce
class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.layers = nn.ModuleDict({f"h{i}": b for i, b in enumerate(blocks)})
        self.ln_f = final_norm
    def forward(self, x):
        return self.ln_f(reduce(lambda h, b: b(h), self.layers.values(), x))
