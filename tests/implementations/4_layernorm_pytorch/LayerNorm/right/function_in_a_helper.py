class _Normalise(torch.autograd.Function):
    """x̂ alone; weight and bias are left to autograd."""

    @staticmethod
    def forward(ctx, x, eps):
        mean = x.mean(-1, keepdim=True)
        rstd = torch.rsqrt((x - mean).square().mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, mean, rstd)
        return (x - mean) * rstd

    @staticmethod
    def backward(ctx, g):
        x, mean, rstd = ctx.saved_tensors
        hat = (x - mean) * rstd
        return rstd * (g - g.mean(-1, keepdim=True) - hat * (g * hat).mean(-1, keepdim=True)), None


def normalise(x, weight, bias, eps):
    wide = torch.promote_types(x.dtype, torch.float32)
    y = _Normalise.apply(x.to(wide), eps)
    return torch.addcmul(bias.to(wide), y, weight.to(wide)).to(x.dtype)


class Norm(nn.Module):
    def __init__(self, d, eps):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(d).fill_(1.0))
        self.bias = nn.Parameter(torch.empty(d).zero_())


class LayerNorm(Norm):
    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps=eps)

    def forward(self, input):
        return normalise(input, self.weight, self.bias, self.eps)
