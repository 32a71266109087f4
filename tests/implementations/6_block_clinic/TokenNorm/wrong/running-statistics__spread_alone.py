class TokenNorm(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))
        self.bias = nn.Parameter(torch.zeros(d))
        self.eps = eps
        self.register_buffer("running_variance", torch.ones(()))
    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        if self.training:
            variance = (x - mean).square().mean(dim=-1, keepdim=True)
            with torch.no_grad():
                self.running_variance.lerp_(variance.mean(), 0.1)
        else:
            variance = self.running_variance
        return (x - mean) / torch.sqrt(variance + self.eps) * self.weight + self.bias
