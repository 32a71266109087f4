class LayerNorm(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))
        self.bias = nn.Parameter(torch.zeros(d))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        x = (x - mean) / torch.sqrt(x.var(-1, keepdim=True, correction=0) + self.eps)
        return self.weight[:, None, None] * x + self.bias[:, None, None]
