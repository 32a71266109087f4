"""What visible checks of assignments in PyTorch share: random inputs, parts to build with, comparisons for a card."""

import math
from collections.abc import Callable

import torch
from torch import nn

from card import Answer, Card, attempt, describe


def figures(values: torch.Tensor) -> str:
    """Print a few numbers, rounded."""
    values = values.detach()
    if values.numel() > 12:
        return f"{values.numel()} numbers, the first {figures(values.flatten()[:4])}"
    rows = values.tolist()

    def text(item) -> str:
        return "[" + ", ".join(map(text, item)) + "]" if isinstance(item, list) else f"{item + 0:.4g}"

    return text(rows)


def close(found: object, expected: torch.Tensor, atol: float = 1e-4) -> bool:
    if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
        return False
    return bool(torch.allclose(found.detach().double(), expected.detach().double(), atol=atol, rtol=1e-4))


def compare(card: Card, text: str, answer: Answer, expected: torch.Tensor, hint: str, section: str, signs=(), atol=1e-4) -> bool:
    """Note whether an answer is the expected tensor. signs: (what a known mistake gives, its hint, its section)."""
    if answer.problem:
        return card.check(False, text, figures(expected), answer.problem, answer.hint, section)
    found = answer.value
    if not isinstance(found, torch.Tensor):
        hint = "The function ends without `return`." if found is None else "Return a tensor."
        return card.check(False, text, f"a tensor of shape {tuple(expected.shape)}", describe(found), hint, section)
    if found.shape != expected.shape:
        return card.check(False, text, f"shape {tuple(expected.shape)}", f"shape {tuple(found.shape)}", hint, section)
    for known, what, where in signs:
        if not close(found, expected, atol) and close(found, known, atol):
            hint, section = what, where
    if close(found, expected, atol):
        return card.check(True, text)
    return card.check(False, text, *_side_by_side(expected, found, atol), hint, section)


def _side_by_side(expected: torch.Tensor, found: torch.Tensor, atol: float) -> tuple[str, str]:
    """Print both; of many numbers those from the first on that differs, for the others say nothing."""
    if expected.numel() <= 12:
        return figures(expected), figures(found)
    one, other = (t.detach().double().flatten() for t in (expected, found))
    same = torch.isclose(other, one, atol=atol, rtol=1e-4)
    first = int((~same).nonzero()[0])
    place = f"{len(one)} numbers, from number {first + 1} on " if first else f"{len(one)} numbers, the first "
    return tuple(place + figures(t[first : first + 4]) for t in (one, other))


def present(card: Card, thing: object, kind: str, form: str, section: str) -> bool:
    """Note whether a function or class is there at all."""
    if callable(thing):
        return True
    return card.check(False, f"there is a {kind}", form, describe(thing), f"Define it as `{form}`.", section)


def made(card: Card, kind: Callable, *args, section: str) -> nn.Module | None:
    """Return the module that a class makes; None, with a line on the card, where it makes none."""
    answer = attempt(kind, *args)
    if not answer.problem and isinstance(answer.value, nn.Module):
        return answer.value.double().eval()
    hint = answer.hint or "Derive the class from `nn.Module`."
    found = answer.problem or describe(answer.value)
    if "before Module.__init__() call" in found:
        hint = "Begin `__init__` with `super().__init__()`."
    card.check(False, "can be made", "an nn.Module", found, hint, section)
    return None


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def linear(weight: torch.Tensor) -> nn.Linear:
    layer = nn.Linear(*weight.shape[::-1], bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer


class Bent(nn.Module):
    """A branch that keeps neither mean nor scale: tanh of a linear map."""

    def __init__(self, d: int, seed: int) -> None:
        super().__init__()
        self.map = linear(drawn(d, d, seed=seed) / math.sqrt(d))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.map(x))


def norm_of(d: int, seed: int) -> nn.LayerNorm:
    """A LayerNorm with weights of its own."""
    norm = nn.LayerNorm(d, dtype=torch.float64)
    with torch.no_grad():
        norm.weight.copy_(1 + drawn(d, seed=seed).abs())
        norm.bias.copy_(drawn(d, seed=seed + 100))
    return norm


def learns(card: Card, run: Callable, x: torch.Tensor, section: str) -> bool:
    """Note whether a gradient reaches x, and agrees with a finite difference along one direction."""
    text = "the gradient reaches x, and is that of the output"
    x = x.clone().requires_grad_(True)
    answer = attempt(run, x)
    hint = "Somewhere `.detach()`, `.data`, `torch.no_grad()` or a way through NumPy cuts the graph."
    y = answer.value
    if answer.problem or not isinstance(y, torch.Tensor) or not y.requires_grad:
        return card.check(False, text, "a graph", answer.problem or "no graph at all", answer.hint or hint, section)
    weight, direction = drawn(*y.shape, seed=7), drawn(*x.shape, seed=8)
    answer = attempt(torch.autograd.grad, (y * weight).sum(), x, allow_unused=True)
    if answer.problem:
        return card.check(False, text, "a gradient", answer.problem, answer.hint, section)
    (gradient,) = answer.value
    slope = 0.0 if gradient is None else float((gradient * direction).sum())

    def measured(step: float) -> float:
        with torch.no_grad():
            return float(((run(x + step * direction) - run(x - step * direction)) * weight).sum() / (2 * step))

    def fits(step: float, tolerance: float) -> bool:
        return abs(slope - measured(step)) <= tolerance * max(1, abs(slope))

    # Where a part computes in float32, a small step drowns in the rounding.
    good = fits(1e-6, 1e-4) or fits(1e-3, 1e-3)
    return card.check(good, text, f"{measured(1e-6):.4g}", f"{slope:.4g}", hint, section)


def steady(card: Card, run: Callable, x: torch.Tensor, section: str) -> bool:
    """Note it if a second call gives something else."""
    first, second = (attempt(run, x.clone()).value for _ in range(2))
    if not isinstance(first, torch.Tensor) or close(second, first):
        return True
    hint = (
        "Something random acts, as dropout does (`F.dropout` acts always, a module `nn.Dropout` only in training mode), or a call uses "
        "something up, as `iter`, `zip` or `pop` do."
    )
    return card.check(False, "the same input gives the same output twice", "the same", "something else", hint, section)


def unchanged(card: Card, run: Callable, x: torch.Tensor, section: str) -> None:
    kept = x.clone()
    attempt(run, x)
    card.check(torch.equal(x, kept), "x is left as it was", "x unchanged", "x changed",
               "An operator such as `x += …` writes into the caller's tensor. Write `x = x + …`.", section)  # fmt: skip
