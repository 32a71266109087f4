"""Small cases for one norm alone, each made to show what a whole model hides."""

import torch
from torch import Tensor

from experiments.mistaken_norms import written_out

# Of the largest output. Rounding to float16 is 5e-4; ddof = 1 is off by 1/(2 · 768) = 7e-4 at d = 768.
TOLERANCE = 2e-3


def cases() -> dict[str, tuple[Tensor, Tensor, Tensor, float]]:
    """Return {name: (x, weight, bias, eps)}. Weights and biases are random with mixed signs; no mean is zero."""
    draw = torch.Generator().manual_seed(7)

    def normal(*shape):
        return torch.randn(shape, generator=draw)

    def parameters(d):
        return normal(d), normal(d)

    return {
        "d = 768": (0.5 + normal(2, 3, 768), *parameters(768), 1e-12),
        "ε = 0.1": (0.2 + 0.5 * normal(2, 3, 768), *parameters(768), 0.1),
        "d = 4": (0.5 + normal(2, 3, 4), *parameters(4), 1e-12),
        "offset 1e4": (1e4 + normal(2, 3, 64), *parameters(64), 1e-12),
        "float16 in": ((100 + 300 * normal(2, 3, 64)).half(), *parameters(64), 1e-12),
    }


def errors(kind: str, build_norm) -> dict[str, float]:
    """Return for each case the largest error relative to the largest output; infinity where an output is not finite.

    The truth is computed in float64. "offset 1e4" is left out for kind "rms", which has no mean to lose digits to.
    """
    found = {}
    for name, (x, weight, bias, eps) in cases().items():
        if kind == "rms" and name == "offset 1e4":
            continue
        bias = bias if kind == "layer" else None
        wide = [t if t is None else t.double() for t in (weight, bias)]
        truth = written_out(kind, *wide, eps, statistics=torch.float64)(x.double())
        error = (build_norm(kind, weight, bias, eps)(x).double() - truth).abs().max() / truth.abs().max()
        found[name] = float(error) if error.isfinite() else float("inf")
    return found
