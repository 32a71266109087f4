class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up = nn.Linear(d, hidden)
        self.drop = nn.Dropout(0.1)
        self.down = nn.Linear(hidden, d)

    def forward(self, x):
        return self.drop(self.down(F.gelu(self.up(x))))
