class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, hidden), nn.GELU(), nn.Linear(hidden, d))
        self.up, self.down = self.net[0], self.net[2]

    def forward(self, x):
        return self.net(x)
