class TokenNorm(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.norm = nn.LayerNorm(d, eps=eps)
    def forward(self, x):
        return self.norm(x)
