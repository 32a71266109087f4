class LayerNorm(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.ones(d)))
        self.register_parameter("bias", nn.Parameter(torch.zeros(d)))
        self.eps = eps

    def forward(self, x):
        with torch.autocast(x.device.type, enabled=False):
            return self.normalise(x.double()).to(x.dtype)

    def normalise(self, x):
        average = torch.full((x.shape[-1],), 1 / x.shape[-1], dtype=x.dtype, device=x.device)
        centred = x - torch.einsum("...d,d->...", x, average)[..., None]
        variance = torch.einsum("...d,...d,d->...", centred, centred, average)[..., None]
        return centred / (variance + self.eps) ** 0.5 * self.weight.double() + self.bias.double()
