class TokenNorm(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))
        self.bias = nn.Parameter(torch.zeros(d))
        self.eps = eps

    def forward(self, x):
        axes = tuple(range(x.dim() - 1))
        mean = x.mean(dim=axes)
        variance = (x - mean).square().mean(dim=axes)
        return (x - mean) / torch.sqrt(variance + self.eps) * self.weight + self.bias
