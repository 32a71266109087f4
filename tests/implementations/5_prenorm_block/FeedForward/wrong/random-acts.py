torch.manual_seed(1)


class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up = nn.Linear(d, hidden)
        self.down = nn.Linear(hidden, d)

    def forward(self, x):
        return F.dropout(self.down(F.gelu(self.up(x))), 0.2)
