from dataclasses import dataclass

@dataclass(frozen=True)
class LayerNorm_:
    weight: torch.Tensor
    bias: torch.Tensor
    eps: float

    def __call__(self, x):
        kind = x.dtype
        x = x.to(torch.float64)
        d = x.shape[-1]
        x = x - torch.einsum("...i->...", x).unsqueeze(-1) / d
        power = torch.einsum("...i,...i->...", x, x).unsqueeze(-1) / d
        return (x / (power + self.eps) ** 0.5 * self.weight + self.bias).to(kind)

build_layernorm = LayerNorm_
