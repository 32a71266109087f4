class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up = nn.Linear(d, hidden)
        self.down = nn.Linear(hidden, d)

    def forward(self, x):
        h = x @ self.up.weight.mT
        h = h * torch.sigmoid(h)
        return h @ self.down.weight.mT
