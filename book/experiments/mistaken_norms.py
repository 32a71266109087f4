"""A norm written out in PyTorch, right by default, with a keyword for each mistake that people make.

All statistics of a right norm run over the last axis, in float32.
"""

from functools import partial

import torch
from torch import Tensor


def normalise(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    eps: float,
    *,
    centre: bool,
    axes: tuple[int, ...] = (-1,),
    ddof: int = 0,
    eps_outside: bool = False,
    one_pass: bool = False,
    statistics: torch.dtype = torch.float32,
    use_weight: bool = True,
    use_bias: bool = True,
    one_plus: bool = False,
) -> Tensor:
    """Return x (..., d) normalised and scaled. The defaults are right; each keyword is a mistake that people make.

    centre: subtract the mean (right for LayerNorm, wrong for RMSNorm). axes: what the statistics run over.
    ddof: divide by n - ddof. eps_outside: root first, then + eps. one_pass: E[x²] - E[x]². statistics: dtype of the
    mean and of the squares. one_plus: multiply by 1 + weight, as Gemma stores its weights.
    """
    z = x.to(statistics)
    mean = z.mean(axes, keepdim=True) if centre else torch.zeros((), dtype=statistics)
    if one_pass:
        square = z.square().mean(axes, keepdim=True) - mean.square()
    else:
        count = torch.Size(z.shape[a] for a in axes).numel()
        square = (z - mean).square().sum(axes, keepdim=True) / (count - ddof)
    scale = square.sqrt() + eps if eps_outside else (square + eps).sqrt()
    y = ((z - mean) / scale).to(x.dtype)
    if use_weight:
        y = y * (1 + weight if one_plus else weight)
    if bias is not None and use_bias:
        y = y + bias
    return y


def written_out(kind: str, weight: Tensor, bias: Tensor | None, eps: float, **mistake):
    """Build a norm from ``normalise``: a right one without further keywords. ``eps=`` among them replaces eps."""
    settings = {"centre": kind == "layer", "eps": eps} | mistake
    return lambda x: normalise(x, weight, bias, **settings)


def mistaken(**mistake):
    """Return a builder whose norms all have this mistake (keywords of ``normalise``, or another eps)."""
    if "eps" not in mistake:
        return partial(written_out, **mistake)
    return lambda kind, weight, bias, _: written_out(kind, weight, bias, **mistake)
