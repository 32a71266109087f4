class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks = nn.ParameterList() if False else nn.ModuleList(list(blocks))
        self.final_norm = final_norm
    def _run(self, x, i):
        return x if i == len(self.blocks) else self._run(self.blocks[i](x), i + 1)
    def forward(self, x):
        return self.final_norm(self._run(x, 0))
