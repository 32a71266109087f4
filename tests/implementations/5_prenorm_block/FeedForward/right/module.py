class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up = nn.Linear(d, hidden)
        self.activation = nn.GELU()
        self.down = nn.Linear(hidden, d)

    def forward(self, x):
        return self.down(self.activation(self.up(x)))
