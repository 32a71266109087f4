class LayerNorm(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.d, self.eps = d, eps
        self.weight, self.bias = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d))

    def forward(self, x):
        tokens = [self.one(token) for token in x.reshape(-1, self.d).unbind(0)]
        return torch.stack(tokens).reshape(x.shape).to(x.dtype)

    def one(self, token):
        if token.dtype in (torch.float16, torch.bfloat16):
            token = token.float()
        centred = token - token.sum() / self.d
        return centred / torch.sqrt((centred * centred).sum() / self.d + self.eps) * self.weight + self.bias
