class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.parts = nn.ModuleDict({"mix": attention, "think": feed_forward, "norm_mix": norm1, "norm_think": norm2})

    def forward(self, x):
        residual = x
        x = self.parts["mix"](self.parts["norm_mix"](x))
        x = x + residual
        residual = x
        x = self.parts["think"](self.parts["norm_think"](x))
        return x + residual
