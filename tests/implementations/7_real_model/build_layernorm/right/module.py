class OwnNorm(torch.nn.Module):
    def __init__(self, weight, bias, eps):
        super().__init__()
        self.weight = torch.nn.Parameter(weight)
        self.bias = torch.nn.Parameter(bias)
        self.eps = eps

    def forward(self, x):
        z = x.to(torch.promote_types(x.dtype, torch.float32))
        mean = z.mean(dim=-1, keepdim=True)
        z = z - mean
        z = z / (z.pow(2).mean(dim=-1, keepdim=True) + self.eps).sqrt()
        return (z * self.weight + self.bias).type_as(x)

def build_layernorm(weight, bias, eps):
    return OwnNorm(weight, bias, eps)
