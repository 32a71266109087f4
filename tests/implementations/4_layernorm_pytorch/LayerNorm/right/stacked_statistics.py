class LayerNorm(nn.Module):
    def __init__(self, d: int, eps: float = 1e-5) -> None:
        super(LayerNorm, self).__init__()
        weight, bias = torch.ones(d), torch.zeros(d)
        self.weight = nn.Parameter(weight, requires_grad=True)
        self.bias = nn.Parameter(bias, requires_grad=True)
        self.eps = torch.tensor(eps, dtype=torch.float64)

    @staticmethod
    def moments(x):
        """Mean and variance by pairs: the first value of each token is a shift, so that one pass loses nothing."""
        shift = x[..., :1].detach()
        t = x - shift
        mean = t.sum(-1, keepdim=True) / x.shape[-1]
        return mean + shift, torch.var(t, dim=-1, correction=0, keepdim=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        t = x.to(torch.float64)
        mean, variance = self.moments(t)
        t = torch.sub(t, mean) * torch.reciprocal(torch.sqrt(variance + self.eps.to(t.device)))
        return torch.mul(t, self.weight).add(self.bias).to(x.dtype)
