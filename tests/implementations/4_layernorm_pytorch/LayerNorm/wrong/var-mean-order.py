class LayerNorm(nn.Module):
    def __init__(self, normalized_size, eps=1e-5, device=None, dtype=None):
        super().__init__()
        self.normalized_size = normalized_size
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(normalized_size, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(normalized_size, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x):
        acc = torch.float64 if x.dtype is torch.float64 else torch.float32
        mean, var = torch.var_mean(x.to(acc), -1, correction=0, keepdim=True)
        y = torch.addcmul(self.bias.to(acc), (x.to(acc) - mean) * torch.rsqrt(var + self.eps), self.weight.to(acc))
        return y.to(dtype=x.dtype)
