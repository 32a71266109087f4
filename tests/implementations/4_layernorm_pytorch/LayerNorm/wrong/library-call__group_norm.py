class LayerNorm(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))
        self.bias = nn.Parameter(torch.zeros(d))
        self.eps = eps

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        return nn.functional.group_norm(rows, 1, self.weight, self.bias, self.eps).reshape(x.shape)
