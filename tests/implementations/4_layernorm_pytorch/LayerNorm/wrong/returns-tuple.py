class LayerNorm(nn.Module):
    __constants__ = ["d", "eps"]

    def __init__(self, d, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.d = (d,) if isinstance(d, int) else tuple(d)
        self.eps = eps
        self.weight = nn.parameter.Parameter(torch.ones(self.d))
        self.bias = nn.parameter.Parameter(torch.zeros(self.d))
        self.register_buffer("count", torch.tensor(float(self.d[-1])), persistent=False)

    def extra_repr(self):
        return f"{self.d}, eps={self.eps}"

    def forward(self, x):
        axes = tuple(range(-len(self.d), 0))
        wide = x if x.dtype in (torch.float32, torch.float64) else x.float()
        mean = wide.mean(dim=axes, keepdim=True)
        var = (wide - mean).pow(2).mean(dim=axes, keepdim=True)
        y = (wide - mean).div((var + self.eps).sqrt())
        y = y * self.weight.to(wide.dtype) + self.bias.to(wide.dtype)
        return (y.type_as(x),)
