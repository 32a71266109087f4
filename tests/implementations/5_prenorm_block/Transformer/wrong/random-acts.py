torch.manual_seed(1)


class Transformer(nn.Module):
    def __init__(self, blocks, final_norm):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.final_norm = final_norm

    def forward(self, x):
        x = F.dropout(x, 0.2)
        for block in self.blocks:
            x = block(x)
        return self.final_norm(x)
