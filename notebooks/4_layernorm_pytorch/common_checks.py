"""What the visible checks of this assignment share: the worked example, and what known mistakes make of it."""

import dis
from collections.abc import Callable

import torch
from torch import nn

import python_errors
from card import Card

CHAPTER = "4_layernorm_pytorch"
PRECISION = "low-precision: What changes with 16 bits?"

LIBRARIES = {
    "layer_norm",
    "native_layer_norm",
    "rms_norm",
    "group_norm",
    "batch_norm",
    "instance_norm",
    "LayerNorm",
    "RMSNorm",
}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

# The worked example.
TOKENS = [[-3.0, 3.0, 5.0, 11.0], [0.0, 0.0, 4.0, 4.0]]
WEIGHT, BIAS = [2.0, 1.0, 0.5, 1.5], [1.0, 0.0, -1.0, 2.0]
DY = [[0.0, 2.0, -2.0, 2.0], [1.0, 0.0, 2.0, 0.0]]
Y = [[-1.8, -0.2, -0.9, 4.1], [-1.0, -1.0, -0.5, 3.5]]
DX = [[0.052, 0.236, -0.436, 0.148], [0.5, -0.5, 0.25, -0.25]]
DWEIGHT, DBIAS = [-1.0, -0.4, 1.6, 2.8], [1.0, 2.0, 0.0, 2.0]


def tensor(values, dtype=torch.float64, wants=False) -> torch.Tensor:
    return torch.as_tensor(values, device=DEVICE).to(dtype).clone().requires_grad_(wants)


def _named(body: Callable) -> set[str]:
    """Return the names in the code of a method, but for globals that the notebook made: its own LayerNorm is no library's."""
    known = body.__globals__

    def made_here(name: str) -> bool:
        value = known.get(name)
        return name in known and (getattr(value, "__module__", None) == known.get("__name__") or getattr(value, "__name__", name) != name)

    steps = [step for step in dis.get_instructions(body) if step.opcode in dis.hasname]
    return {step.argval for step in steps if not (step.opname == "LOAD_GLOBAL" and made_here(step.argval))}


def own_work(card: Card, thing: object, names: set[str], section: str) -> None:
    """Note whether the code leaves its work to the library."""
    bodies = [getattr(thing, n, None) for n in ("__init__", "forward", "backward", "setup_context")]
    used = {name for body in bodies if hasattr(body, "__code__") for name in _named(body)} & names
    inherits = isinstance(thing, type) and issubclass(thing, (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm))
    found = ", ".join(sorted(used)) or ("a norm of PyTorch's as its base class" if inherits else "")
    hint = (
        "The exercise is to write this yourself. PyTorch's own norms, or its gradient inside of your "
        "backward, earn nothing."
    )
    card.check(not found, "is your own work", "operations such as mean, var and sum", found, hint, section)


def example(dtype=torch.float64) -> tuple[torch.Tensor, ...]:
    return tuple(tensor(values, dtype) for values in (TOKENS, WEIGHT, BIAS, DY))


def _root_mean_square(values: torch.Tensor, *dims: int) -> torch.Tensor:
    return values.square().mean(dims, keepdim=True).sqrt()


def forward_signs(section: str) -> list[tuple]:
    """Return what known mistakes make of the worked example's y: (result, hint, section)."""
    x, weight, bias, _ = example()
    centred = x - x.mean(-1, keepdim=True)
    x_hat = centred / _root_mean_square(centred, -1)
    by_feature, by_all = x - x.mean(0), x - x.mean()
    known = [
        (
            x_hat * (3 / 4) ** 0.5 * weight + bias,
            "This is what dividing the squares by d − 1 gives, as `torch.var` and `torch.std` do without `correction=0`.",
        ),
        (x_hat, "This is x̂. Multiply by weight and add bias."),
        (x_hat * weight, "bias is missing."),
        (x_hat + bias, "weight is missing: it multiplies x̂, feature by feature."),
        (x / _root_mean_square(x, -1) * weight + bias, "This is RMSNorm: the mean was not subtracted."),
        (
            by_feature / _root_mean_square(by_feature, 0) * weight + bias,
            "The statistics run over the tokens. Each token has its own, over its features: the last axis.",
        ),
        (
            by_all / _root_mean_square(by_all, 0, 1) * weight + bias,
            "One mean and one spread for all the tokens together. Each token has its own: the last axis.",
        ),
    ]
    return [(result, hint, section) for result, hint in known]


def slope_signs(section: str) -> tuple[list[tuple], list[tuple], list[tuple]]:
    """Return what known mistakes make of the worked example's gradients of x, of weight and of bias."""
    x, weight, bias, dy = example()
    centred = x - x.mean(-1, keepdim=True)
    r = 1 / _root_mean_square(centred, -1)
    x_hat = centred * r
    g = dy * weight

    def slopes(g: torch.Tensor, one: float = 1.0, other: float = 1.0) -> torch.Tensor:
        """x's gradient, with its two corrections multiplied by numbers; 1 and 1 are right."""
        return (g - one * g.mean(-1, keepdim=True) - other * x_hat * (g * x_hat).mean(-1, keepdim=True)) * r

    of_x = [
        (slopes(g, 0, 0), "This is dy ⊙ weight·rstd: mean and spread were taken for constants. Both move with x."),
        (slopes(g, 1, 0), "The component along x̂, x̂·mean(g ⊙ x̂), is not subtracted."),
        (slopes(g, 0, 1), "The mean of g is not subtracted."),
        (slopes(g) / r, "The factor rstd is missing."),
        (slopes(dy), "weight has no part in it. What arrives at x̂ is g = dy ⊙ weight."),
        (slopes(dy) * weight, "weight was taken out of the means. It differs by feature: form g = dy ⊙ weight first."),
        (slopes(g, 4, 4), "The corrections are sums over the features. They are means: divide by their number."),
        *(
            (slopes(g, one, other), "A correction has the wrong sign: both are subtracted.")
            for one, other in ((1, -1), (-1, 1), (-1, -1))
        ),
    ]
    mean_of_two = "This is the mean over the two tokens. The gradient is the sum."
    of_weight = [
        (dy.sum(0), "This is bias's gradient, Σ dy. weight's is Σ dy ⊙ x̂. Are the two exchanged?"),
        ((dy * x_hat).mean(0), mean_of_two),
        ((g * x_hat).sum(0), "weight got into its own gradient: Σ dy ⊙ x̂, not Σ g ⊙ x̂."),
        ((dy * x).sum(0), "This is Σ dy ⊙ x. weight multiplies x̂, so it is Σ dy ⊙ x̂."),
        ((dy * centred).sum(0), "This is Σ dy ⊙ (x − mean). weight multiplies x̂, so rstd belongs to it too."),
    ]
    of_bias = [
        ((dy * x_hat).sum(0), "This is weight's gradient, Σ dy ⊙ x̂. bias's is Σ dy. Are the two exchanged?"),
        (dy.mean(0), mean_of_two),
        (g.sum(0), "weight got into bias's gradient: Σ dy, not Σ g."),
    ]
    return tuple([(result, hint, section) for result, hint in known] for known in (of_x, of_weight, of_bias))


def reason(problem: str) -> str:
    """Say what an error means, if it is one that many meet."""
    if "UnboundLocalError" in problem:
        return "Give every gradient a value, None where `ctx.needs_input_grad` is False."
    meaning = python_errors.meaning_of(*problem.split(": ", 1)) if ": " in problem else None
    return meaning.hint if meaning else ""
