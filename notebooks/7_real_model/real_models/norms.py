"""Builders of norms: the library's own, a student's, and a way to listen to what each norm is given."""

from torch import Tensor
from torch.nn import functional as F


def library_norm(kind: str, weight: Tensor, bias: Tensor | None, eps: float):
    """Build the norm that PyTorch ships: the unmodified model.

    kind: "layer" (Ba et al. 2016) or "rms" (Zhang & Sennrich 2019). weight, bias: (d,). Returns a callable on (..., d).
    """
    if kind == "layer":
        return lambda x: F.layer_norm(x, weight.shape, weight, bias, eps)
    return lambda x: F.rms_norm(x, weight.shape, weight, eps)


def from_students(build_layernorm=None, build_rmsnorm=None):
    """Return a builder that calls ``build_layernorm(weight, bias, eps)`` or ``build_rmsnorm(weight, eps)``."""

    def build(kind, weight, bias, eps):
        return build_layernorm(weight, bias, eps) if kind == "layer" else build_rmsnorm(weight, eps)

    return build


def listening(norms: dict, heard) -> dict:
    """Return the norms wrapped so that each call first tells ``heard(place, x)`` what comes in."""

    def wrap(place, norm):
        def call(x):
            heard(place, x)
            return norm(x)

        return call

    return {place: wrap(place, norm) for place, norm in norms.items()}
