class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up = nn.Linear(d, hidden)
        self.down = nn.Linear(hidden, d)
    def forward(self, x):
        h = self.up(x)
        return self.down(h * torch.sigmoid(1.702 * h))
