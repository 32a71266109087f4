class LayerNorm(nn.Module):
    """Two axes inside, whatever comes in; the root is taken of the standard deviation squared."""

    def __init__(self, d, eps=1e-5):
        nn.Module.__init__(self)
        self.params = None
        self.weight = nn.Parameter(torch.tensor([1.0] * d))
        self.bias = nn.Parameter(torch.tensor([0.0] * d))
        self.eps = eps

    def forward(self, x):
        table = x.reshape(-1, x.size(-1))
        if table.element_size() == 2:
            table = table.to(torch.float32)
        deviation = table - table.mean(dim=1)[:, None]
        rms = torch.sqrt(deviation.pow(2).mean(dim=1) + self.eps)[:, None]
        return torch.add(self.weight * deviation.div(rms), self.bias).view(x.shape).type(x.dtype)
