"""LayerNorm and RMSNorm as PyTorch functions with a backward of their own, and the rungs of chapter 4's ladder.

Definitions: Ba, Kiros & Hinton (2016), arXiv:1607.06450, equations 3 and 4; Zhang & Sennrich (2019),
arXiv:1910.07467, equation 4. The gradients are those of chapter 3. Nothing here calls the library's own
``layer_norm`` or ``rms_norm``.

Shapes: x is (..., d) with any number of leading axes; weight and bias are (d,) or None. Statistics have shape (..., 1),
in float32 for 16-bit inputs and in the input's own precision otherwise.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks


def accumulator(x: Tensor) -> Tensor:
    """Return x in the precision in which sums over it are safe: at least float32."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def layernorm_statistics(x: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the centred rows (..., d), and their means and reciprocal standard deviations (..., 1), in two passes."""
    x = accumulator(x)
    mean = x.mean(-1, keepdim=True)
    centred = x - mean
    return centred, mean, torch.rsqrt(centred.square().mean(-1, keepdim=True) + eps)


def affine(x_hat: Tensor, weight: Tensor | None, bias: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Return gamma * x_hat + beta, rounded once, to ``dtype``."""
    if weight is not None:
        x_hat = x_hat * weight
    if bias is not None:
        x_hat = x_hat + bias
    return x_hat.to(dtype)


def sum_to_features(rows: Tensor, dtype: torch.dtype) -> Tensor:
    """Sum (..., d) over every leading axis, to (d,)."""
    return rows.reshape(-1, rows.shape[-1]).sum(0).to(dtype)


def layernorm_gradients(
    dy: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, rstd: Tensor, wanted: Sequence[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return (dx, dweight, dbias), None where ``wanted`` says no.

    Parameters
    ----------
    dy, x : (..., d) of any floating dtype.
    weight : (d,) or None.
    mean, rstd : (..., 1) of the forward pass.
    wanted : which of x, weight and bias need a gradient.

    dx has the dtype of x, dweight and dbias that of weight and dy. Made of differentiable operations only.
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    up = dy.to(dtype)
    dx = dweight = dbias = None
    if wanted[0] or wanted[1]:
        x_hat = (x.to(dtype) - mean) * rstd
    if wanted[0]:
        g = up if weight is None else up * weight
        along = (g * x_hat).mean(-1, keepdim=True)
        dx = ((g - g.mean(-1, keepdim=True) - x_hat * along) * rstd).to(x.dtype)
    if wanted[1]:
        dweight = sum_to_features(up * x_hat, weight.dtype)
    if wanted[2]:
        dbias = sum_to_features(up, dy.dtype)
    return dx, dweight, dbias


class LayerNormFunction(torch.autograd.Function):
    """``LayerNormFunction.apply(x, weight, bias, eps) -> y``: LayerNorm over the last axis.

    Saves x and weight, which it was given, and two numbers a row. Differentiable any number of times.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        centred, mean, rstd = layernorm_statistics(x, eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.eps = eps
        ctx.bias_dtype = None if bias is None else bias.dtype
        return affine(centred * rstd, weight, bias, x.dtype)

    @staticmethod
    def backward(ctx, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            # Somebody will differentiate this backward again. The saved mean and rstd are numbers without a
            # history; made afresh from x they have one.
            _, mean, rstd = layernorm_statistics(x, ctx.eps)
        dx, dweight, dbias = layernorm_gradients(dy, x, weight, mean, rstd, ctx.needs_input_grad)
        return dx, dweight, None if dbias is None else dbias.to(ctx.bias_dtype), None


class RMSNormFunction(torch.autograd.Function):
    """``RMSNormFunction.apply(x, weight, eps) -> y``: RMSNorm over the last axis. Saves x, weight, one number a row."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor | None, eps: float) -> Tensor:
        wide = accumulator(x)
        rstd = torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, rstd)
        ctx.eps = eps
        return affine(wide * rstd, weight, None, x.dtype)

    @staticmethod
    def backward(ctx, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, rstd = ctx.saved_tensors
        wide = accumulator(x)
        if torch.is_grad_enabled():
            rstd = torch.rsqrt(wide.square().mean(-1, keepdim=True) + ctx.eps)
        up, x_hat = dy.to(wide.dtype), wide * rstd
        dx = dweight = None
        if ctx.needs_input_grad[0]:
            g = up if weight is None else up * weight
            dx = ((g - x_hat * (g * x_hat).mean(-1, keepdim=True)) * rstd).to(x.dtype)
        if ctx.needs_input_grad[1]:
            dweight = sum_to_features(up * x_hat, weight.dtype)
        return dx, dweight, None


def over_trailing_axes(function: Callable, x: Tensor, shape: Sequence[int], *parameters: Tensor | None) -> Tensor:
    """Apply a last-axis function over the trailing axes ``shape`` taken as one.

    Raises ValueError if x does not end in ``shape``, or a parameter does not have it.
    """
    shape = tuple(shape)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise ValueError(f"expected an input that ends in {shape}, found {tuple(x.shape)}")
    for parameter in parameters:
        if parameter is not None and tuple(parameter.shape) != shape:
            raise ValueError(f"expected parameters of shape {shape}, found {tuple(parameter.shape)}")
    size = math.prod(shape)
    flat = [None if p is None else p.reshape(size) for p in parameters]
    return function(x.reshape(*x.shape[: x.ndim - len(shape)], size), *flat).reshape(x.shape)


def layer_norm(
    x: Tensor, shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """LayerNorm over the trailing axes ``shape``, with the arguments of the library's function."""
    return over_trailing_axes(lambda *a: LayerNormFunction.apply(*a, eps), x, shape, weight, bias)


def rms_norm(x: Tensor, shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """RMSNorm over the trailing axes ``shape``.

    ``eps=None`` means, as in the library, the resolution of the dtype that it computes in: float32 at least.
    """
    if eps is None:
        eps = torch.finfo(torch.promote_types(x.dtype, torch.float32)).eps
    return over_trailing_axes(lambda *a: RMSNormFunction.apply(*a, eps), x, shape, weight)


class LayerNorm(nn.Module):
    """LayerNorm over the last axis, with a learned gain and, if wanted, a learned bias of shape (d,)."""

    def __init__(self, d: int, eps: float = 1e-5, bias: bool = True, device=None, dtype=None) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(d, device=device, dtype=dtype)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}, eps={self.eps}, bias={self.bias is not None}"


def layernorm_eager(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """First rung: LayerNorm as the formula reads, each operation one sweep through memory."""
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred * torch.rsqrt(variance + eps) * weight + bias


def saved_bytes(call: Callable[[], Tensor], alive: Sequence[Tensor] = ()) -> tuple[int, int]:
    """Return (all bytes, further bytes) that autograd keeps for the backward pass of ``call``.

    Every storage counts once, however often it is saved. The second number leaves out the storages of ``alive``:
    inputs and parameters, which exist whether or not they are saved.
    """
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        held.append(tensor)  # else a freed address could come again
        return tensor

    held: list[Tensor] = []
    with saved_tensors_hooks(note, lambda tensor: tensor):
        result = call()
    there = {t.untyped_storage().data_ptr() for t in alive}
    del result
    return sum(kept.values()), sum(size for place, size in kept.items() if place not in there)
