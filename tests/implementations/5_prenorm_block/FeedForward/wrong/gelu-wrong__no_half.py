import math

class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up, self.down = nn.Linear(d, hidden), nn.Linear(hidden, d)

    def forward(self, x):
        h = x @ self.up.weight.T + self.up.bias
        h = h * (1 + torch.erf(h / math.sqrt(2)))
        return h @ self.down.weight.T + self.down.bias
