class _Map(nn.Module):
    def __init__(self, n, k):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(k, n).uniform_(-n ** -0.5, n ** -0.5))
        self.bias = nn.Parameter(torch.zeros(k))
    def forward(self, x):
        return torch.einsum("...n,kn->...k", x, self.weight) + self.bias

class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up = _Map(d, hidden)
        self.down = _Map(hidden, d)
    def forward(self, x):
        h = self.up(x)
        return self.down(h * torch.special.ndtr(h))
