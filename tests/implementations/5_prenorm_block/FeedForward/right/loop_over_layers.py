class FeedForward(nn.Module):
    def __init__(self, d: int, hidden: int) -> None:
        super(FeedForward, self).__init__()
        self.up, self.down = nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.act = nn.GELU(approximate="tanh")

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        for layer in (self.up, self.act, self.down):
            x = layer(x)
        return x
