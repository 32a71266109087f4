"""Code that raises each of the errors that the exercises bring about, and the same code mended."""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
import torch

from experiments import python_errors


@dataclass(frozen=True)
class Example:
    """Two pieces of code over ``names()``: one that raises, and what was probably meant.

    shown: what a reader sees of the two, where the mistake stands inside a class below.
    """

    wrong: str
    right: str
    shown: tuple[str, str] | None = None


EXAMPLES = (
    Example("x - x.mean(axis=1)", "x - x.mean(axis=1, keepdims=True)"),
    Example("x @ w", "x @ w.T"),
    Example("x[0, 0] = x[1]", "x[0] = x[1]"),
    Example("np.concatenate((x, x[0]))", "np.concatenate((x, x[:1]))"),
    Example("torch.stack((t, t[0]))", "torch.stack((t, t))"),
    Example("np.concatenate(x, w)", "np.concatenate((x, w))"),
    Example("torch.cat(t, t)", "torch.cat((t, t))"),
    Example("np.einsum('ij,j->i', x, w)", "np.einsum('ij,ij->i', x, w)"),
    Example("torch.nn.functional.layer_norm(t, (3,))", "torch.nn.functional.layer_norm(t, (4,))"),
    Example("x.mean(axis=2)", "x.mean(axis=-1)"),
    Example("x[3]", "x[2]"),
    Example("x.reshape(5, -1)", "x.reshape(6, -1)"),
    Example("t.T.view(12)", "t.T.reshape(12)"),
    Example("1 if x > 0 else 0", "np.where(x > 0, 1, 0)"),
    Example("math.sqrt(x)", "np.sqrt(x)"),
    Example("torch.sqrt(2.0)", "2.0 ** 0.5"),
    Example("[1, 2, 6].mean()", "np.asarray([1, 2, 6]).mean()"),
    Example("len(stream())", "sum(1 for value in stream())"),
    Example("x.mean()[0]", "x.mean(axis=-1)[0]"),
    Example("{'mean': 2.0}['mu']", "{'mean': 2.0}['mean']"),
    Example("unfinished(x) * 2", "finished(x) * 2"),
    Example("mean, variance = x.mean(), x.var(), x.std()", "mean, variance = x.mean(), x.var()"),
    Example("x / sd", "x / x.std()"),
    Example("branch(x, centre=False)", "branch(x, centre=True)"),
    Example("sum(x, axis=0)", "np.sum(x, axis=0)"),
    Example("x.mean(dim=-1)", "x.mean(axis=-1)"),
    Example("t.astype('float32')", "t.to(torch.float32)"),
    Example("x.square()", "np.square(x)"),
    Example("np.variance(x)", "np.var(x)"),
    Example("finished(x, 2, 3)", "finished(x)"),
    Example("x.shape(0)", "x.shape[0]"),
    Example("t.dim + 1", "t.dim() + 1"),
        Example("torch.nn.ModuleList([torch.nn.Identity()])(t)", "torch.nn.Sequential(torch.nn.Identity())(t)"),
    Example("torch.nn.Sequential([torch.nn.Identity()])", "torch.nn.Sequential(*[torch.nn.Identity()])"),
    Example("import nunpy", "import numpy"),
    Example("7.0 / 0.0**0.5", "7.0 / (0.0 + 1e-5) ** 0.5"),
    Example("whole -= whole.mean()", "whole - whole.mean()"),
    Example("np.zeros(3, 4)", "np.zeros((3, 4))"),
    Example("range(12 / 4)", "range(12 // 4)"),
    Example("x ^ 2", "x ** 2"),
    Example("x[x]", "x[x > 5]"),
    Example("t @ t.T.double()", "t @ t.T"),
    Example("torch.nn.LayerNorm(4)(t.double())", "torch.nn.LayerNorm(4)(t)"),
    Example("t.masked_fill(t, 0.0)", "t.masked_fill(t > 5, 0.0)"),
    Example("torch.where(t, t, 0.0)", "torch.where(t > 0, t, 0.0)"),
    Example("~x", "~(x > 0)"),
    Example("1 - (t > 5)", "~(t > 5)"),
    Example("torch.nn.Embedding(12, 4)(t)", "torch.nn.Embedding(12, 4)(t.long())"),
    Example("gradient(TooFew)", "gradient(Scale)", ("return dy * weight", "return dy * weight, (dy * t).sum(0)")),
    Example("gradient(WrongShape)", "gradient(Scale)", ("return dy * weight, (dy * t).sum(1)", "return dy * weight, (dy * t).sum(0)")),
    Example("gradient(Forgetful)", "gradient(Scale)", ("return dy * ctx.weight, None", "t, weight = ctx.saved_tensors")),
    Example("gradient(Plain)", "gradient(Scale)", ("return dy * weight, 0.0", "return dy * weight, None")),
    Example("gradient(Careless)", "gradient(Scale)", ("ctx.save_for_backward(t, weight, 1e-5)", "ctx.save_for_backward(t, weight); ctx.eps = 1e-5")),
    Example("Scale()(t, torch.ones(4))", "Scale.apply(t, torch.ones(4))"),
    Example("parameter.exp().backward()", "parameter.exp().backward(torch.ones(4))"),
    Example("torch.nn.Linear(4, 1).bias = torch.zeros(1)", "torch.nn.Linear(4, 1).bias = torch.nn.Parameter(torch.zeros(1))"),
    Example("parameter -= 0.1", "parameter - 0.1"),
    Example("y = parameter.exp(); z = y * y; y -= 1; z.sum().backward()", "y = parameter.exp(); z = y * y; (y - 1).sum().backward()"),
    Example("np.sqrt(parameter)", "torch.sqrt(parameter)"),
    Example("loss = parameter.pow(2).sum(); loss.backward(); loss.backward()", "loss = parameter.pow(2).sum(); loss.backward()"),
    Example("BareModule()", "Module()", ("def __init__(self): self.weight = …", "def __init__(self): super().__init__(); self.weight = …")),
    Example("np.sqrt((x + 1)", "np.sqrt(x + 1)"),
    Example("if x.mean() = 0: x = x - 1", "if x.mean() == 0: x = x - 1"),
)


# what the examples are about ------------------------------------------------------------------


def stream():
    yield from (1.0, 2.0, 6.0)


def finished(x):
    return x - x.mean()


def unfinished(x):
    x - x.mean()


def branch(x, centre):
    if centre:
        mean = x.mean()
    return x - mean


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t, weight):
        ctx.save_for_backward(t, weight)
        return t * weight

    @staticmethod
    def backward(ctx, dy):
        t, weight = ctx.saved_tensors
        return dy * weight, (dy * t).sum(0)


class TooFew(Scale):
    @staticmethod
    def backward(ctx, dy):
        t, weight = ctx.saved_tensors
        return dy * weight


class WrongShape(Scale):
    @staticmethod
    def backward(ctx, dy):
        t, weight = ctx.saved_tensors
        return dy * weight, (dy * t).sum(1)


class Forgetful(Scale):
    @staticmethod
    def backward(ctx, dy):
        return dy * ctx.weight, None


class Careless(Scale):
    @staticmethod
    def forward(ctx, t, weight):
        ctx.save_for_backward(t, weight, 1e-5)
        return t * weight


class Plain(Scale):
    @staticmethod
    def backward(ctx, dy):
        t, weight = ctx.saved_tensors
        return dy * weight, 0.0


class BareModule(torch.nn.Module):
    def __init__(self):
        self.weight = torch.nn.Parameter(torch.ones(4))


class Module(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4))


def gradient(function):
    weight = torch.ones(4, requires_grad=True)
    return torch.autograd.grad(function.apply(torch.ones(3, 4, requires_grad=True), weight).sum(), weight)


def names() -> dict:
    """Return what the names in the examples stand for; the arrays are new each time."""
    given = {
        "math": math,
        "x": np.arange(12.0).reshape(3, 4),
        "w": np.ones((3, 4)),
        "whole": np.arange(4),
        "t": torch.arange(12.0).reshape(3, 4),
        "parameter": torch.ones(4, requires_grad=True),
    }
    return globals() | given


# what is said of them -------------------------------------------------------------------------


@functools.cache
def told(example: Example) -> tuple[str, python_errors.Meaning]:
    """Return (what Python says of the wrong code, what that means). Raises ValueError if it says nothing that is known."""
    exec(example.right, names())
    try:
        exec(example.wrong, names())
    except Exception as error:
        meaning = python_errors.meaning_of(type(error).__name__, str(error))
        if meaning:
            return python_errors.told(error)[0], meaning
        raise ValueError(f"no meaning is known of what {example.wrong} raises") from error
    raise ValueError(f"{example.wrong} raises nothing")


def as_markdown(section: str) -> str:
    """Return the examples of a section: the message, the code that it came from, the meaning, the code mended.

    Neighbours of one meaning stand together, and it is told once.
    """
    known = [(example, *told(example)) for example in EXAMPLES]
    here = [entry for entry in known if entry[2].section == section]
    return "\n\n---\n\n".join(_entry(meaning, list(group)) for meaning, group in itertools.groupby(here, key=lambda entry: entry[2]))


def _entry(meaning: python_errors.Meaning, group: list) -> str:
    """Return what the page says of the examples of one meaning."""
    shown = [(problem, example.shown or (example.wrong, example.right)) for example, problem, _ in group]
    raised = [f"**`` {problem} ``**\n\nFrom `{wrong}`" for problem, (wrong, _) in shown]  # a message may hold backticks itself
    mended = ", ".join(f"`{right}`" for _, (_, right) in shown)
    return "\n\n".join([*raised, meaning.hint, f"Mended: {mended}"])
