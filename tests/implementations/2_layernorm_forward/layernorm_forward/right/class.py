from dataclasses import dataclass, field
from typing import Any

@dataclass
class _Norm:
    eps: float
    saved: dict[str, Any] = field(default_factory=dict)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        mean = np.einsum("...i->...", x)[..., None] / x.shape[-1]
        deviation = x - mean
        power = np.einsum("...i,...i->...", deviation, deviation)[..., None] / x.shape[-1]
        self.saved = {"rstd": (power + self.eps) ** -0.5}
        return deviation * self.saved["rstd"]

class LayerNorm(_Norm):
    def forward(self, x, gamma, beta):
        y = self(np.asarray(x, dtype=np.float64))
        np.multiply(y, gamma, out=y)
        y += beta
        return y.astype(x.dtype)

def layernorm_forward(x, gamma, beta, eps=1e-5):
    norm = LayerNorm(eps)
    return norm.forward(x, gamma, beta), norm.saved
