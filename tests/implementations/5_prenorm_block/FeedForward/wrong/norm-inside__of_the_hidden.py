class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up, self.norm, self.down = nn.Linear(d, hidden), nn.LayerNorm(hidden), nn.Linear(hidden, d)

    def forward(self, x):
        return self.down(F.gelu(self.norm(self.up(x))))
