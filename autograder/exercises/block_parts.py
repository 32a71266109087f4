"""What the hidden modules of blocks share: references of the course's parts, random inputs, one kind of outputs.

Every exercise there gives three outputs: a tensor, the gradient of x, the number of parameters; a case says
which of them count.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder import reading, tensors
from autograder.exercise import Case, Output, Suspect
from autograder.exercises.second_call import SecondCall, run
from autograder.student import Kind, Reply, Student
from autograder.student_side import wire

OUTPUT, GRADIENT, COUNT = (0,), (1,), (2,)  # positions among the outputs
OUTPUTS = (Output("the output", "tensor"), Output("the gradient of x", "tensor"), Output("the number of parameters", "number"))
STEP = 1e-6

# references -----------------------------------------------------------------------------------


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """LayerNorm over the last axis with ε = 1e-5, that of ``nn.LayerNorm``. x: (..., d)."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gamma + beta


def causal_mean(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    m = x.shape[-2]
    return np.tril(np.ones((m, m))) / np.arange(1, m + 1)[:, None] @ x @ weight.T


def bent(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.tanh(x @ weight.T)


def softmax(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis, keepdims=True))
    return weights / weights.sum(axis, keepdims=True)


_ERF = np.vectorize(math.erf, otypes=["float64"])


def gelu(x: np.ndarray) -> np.ndarray:
    return x * 0.5 * (1 + _ERF(x / math.sqrt(2)))


# blocks of two sub-layers, right and wrong ------------------------------------------------------


def plain_norm(x: np.ndarray) -> np.ndarray:
    return layer_norm(x, 1.0, 0.0)


def unchanged(x: np.ndarray) -> np.ndarray:
    return x


# A sub-layer: the stream s, the branch f, its norm n and the block's input x → the stream after it.


def pre_norm(s, f, n, x):
    return s + f(n(s))


def post_norm(s, f, n, x):
    return n(s + f(s))


def res_post(s, f, n, x):
    return s + n(f(s))


def normalised_residual(s, f, n, x):
    return n(s) + f(n(s))


def block(
    first=pre_norm,
    second=pre_norm,
    branches=lambda attention, feed_forward: (attention, feed_forward),
    norms=lambda one, two: (one, two),
    end=lambda y, n, x: y,
):
    """Return a block of two sub-layers, right or with wrong parts. end: what comes of the stream y; n: the second norm."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        f1, f2 = branches(lambda t: causal_mean(t, w_a), lambda t: bent(t, w_f))
        n1, n2 = norms(lambda t: layer_norm(t, g1, b1), lambda t: layer_norm(t, g2, b2))
        return end(second(first(x, f1, n1, x), f2, n2, x), n2, x)

    return forward


def parallel(s, f, n, x):
    return s + f(n(x))


def from_input(s, f, n, x):
    return x + f(n(s))


pre_norm_block = block()
post_norm_block = block(post_norm, post_norm)
res_post_block = block(res_post, res_post)
normalised_residual_block = block(normalised_residual, normalised_residual)
normalised_second_residual = block(second=normalised_residual)
normalised_first_residual = block(first=normalised_residual)
parallel_block = block(second=parallel)
from_input_block = block(second=from_input)


def merge(x: np.ndarray) -> np.ndarray:
    """(..., heads, m, d_h) → (..., m, d)"""
    *lead, heads, m, d_h = x.shape
    return np.swapaxes(x, -2, -3).reshape(*lead, m, heads * d_h)


def merge_by_rows(x: np.ndarray) -> np.ndarray:
    *lead, heads, m, d_h = x.shape
    return x.reshape(*lead, m, heads * d_h)


# judging --------------------------------------------------------------------------------------


def slope(forward: Callable, inputs: list, dy: np.ndarray | None, **kwargs) -> np.ndarray:
    """Return the gradient of Σ forward(x, …) · dy by x, the first input; nothing where dy is None."""
    if dy is None:
        return np.zeros(0)
    x, *others = inputs
    found = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = STEP
        up, down = forward(x + step, *others, **kwargs), forward(x - step, *others, **kwargs)
        found[place] = ((up - down) * dy).sum() / (2 * STEP)
    return found


def judged_by(forward: Callable, count: Callable = lambda *inputs: 0):
    """Return a reference (or an imitation) of all outputs from a forward pass; dy is the last argument."""

    def reference(*args, **kwargs) -> tuple:
        *inputs, dy = args
        return forward(*inputs, **kwargs), slope(forward, inputs, dy, **kwargs), count(*inputs)

    return reference


def suspects(
    forwards: list[tuple[str, Callable]], count: Callable = lambda *inputs: 0, throughout=False, raw=False
) -> tuple[Suspect, ...]:
    return tuple(Suspect(name, judged_by(forward, count), throughout=throughout, raw=raw) for name, forward in forwards)


def sent(values: np.ndarray, requires_grad: bool = False) -> wire.Tensor:
    return tensors.tensor(values, values.dtype.name, requires_grad)


# What PyTorch says, and the misconception that it is a sign of.
SIGNS = (
    (r"modified by an inplace operation", "saved-in-place"),
    (r"view size is not compatible", "view-of-scattered"),
    (r"Module \[ModuleList\] is missing", "module-list-called"),
    (r"cannot be converted to type .* without overflow", "number-too-large"),
    (r"no gradient flows", "graph-cut"),
    (r"it returned None", "returns-none"),
    (r"does not have the shape of its upstream gradient", "shape-lost"),
    (r"numpy\(\) on Tensor that requires grad", "graph-cut"),
)


def answer(reply: Reply) -> Reply:
    """Turn what a run gave into the outputs of these exercises."""
    if reply.problem:
        return reading.with_sign(reply, SIGNS)
    outputs, gradients = reply.value.get("outputs"), reply.value.get("gradients", ())
    if reading.gave_tuple(reply.value):
        return reading.SEVERAL
    output = outputs[0] if isinstance(outputs, tuple) and outputs else None
    gradient = gradients[0] if isinstance(gradients, tuple) and gradients else tensors.tensor(np.zeros(0))
    if gradient is None:
        said = "no gradient reaches x: the output does not depend on it in a way that autograd sees"
        return Reply(problem=said, brief=said, error_type=Kind.UNMET, sign="graph-cut")
    return Reply((output, gradient, reply.value.get("parameters", 0)), changed=reply.changed, warnings=reply.warnings)


# inputs ---------------------------------------------------------------------------------------


def drawn(rng, *shape, spread: float = 1.0) -> np.ndarray:
    return rng.normal(size=shape) * spread


def matrix(rng, d_in: int, d_out: int | None = None) -> np.ndarray:
    """A weight that about keeps the spread of what it multiplies."""
    return drawn(rng, d_out or d_in, d_in, spread=d_in**-0.5)


def stream(rng, *shape) -> np.ndarray:
    """Tokens with a mean and a scale of their own, as a residual stream has them."""
    return drawn(rng, *shape) * rng.uniform(1.5, 3.0, size=(*shape[:-1], 1)) + drawn(rng, *shape[:-1], 1)


def gain(rng, d: int) -> tuple[np.ndarray, np.ndarray]:
    """γ of mixed signs, 0.5 ≤ |γ| ≤ 2, and β."""
    return rng.uniform(0.5, 2.0, size=d) * rng.choice([-1, 1], size=d), drawn(rng, d)


@dataclass(frozen=True)
class InTraining(Case):
    """A case that is run in training mode, where dropout acts."""


def case(args: tuple, words: str, judged=OUTPUT, **more) -> Case:
    return Case(args, words, **({"judged": judged, "atol": 1e-6, "rtol": 1e-6, "any_dtype": True, "may_change": True} | more))


def stock_norm(gamma, beta) -> wire.Stock:
    return wire.Stock("layer_norm", {"weight": sent(gamma), "bias": sent(beta)})


def stock_map(name: str, weight) -> wire.Stock:
    return wire.Stock(name, {"weight": sent(weight)})


# a block, made of attention, a feed-forward network and two norms ------------------------------


def invoke_block(name: str, **asked) -> Callable[[Student, Case], Reply]:
    """Return what runs a case of ``block_case`` by the class of that name. asked: what else to ask of the run (``torch_side.run``)."""

    def invoke(student: Student, case: Case) -> Reply:
        x, w_a, w_f, g1, b1, g2, b2, dy = case.args
        parts = [stock_map("causal_mean", w_a), stock_map("bent", w_f), stock_norm(g1, b1), stock_norm(g2, b2)]
        upstream = {} if dy is None else {"upstream": [sent(dy)]}
        made = {"build": [parts, {}], "to": "float64", "training": isinstance(case, InTraining)}
        return answer(run(student, isinstance(case, SecondCall), name, sent(x, dy is not None), **made, **asked, **upstream))

    return invoke


def block_case(rng, shape, judged=OUTPUT, norms=None, kind="", **more) -> Case:
    """Draw a case of a block. norms: (γ1, β1, γ2, β2), else drawn; kind: what the case is called besides."""
    d = shape[-1]
    x = stream(rng, *shape)
    norms = (*gain(rng, d), *gain(rng, d)) if norms is None else norms
    dy = drawn(rng, *shape) if judged == GRADIENT else None
    return case((x, matrix(rng, d), matrix(rng, d), *norms, dy), f"x of shape {shape}{kind}", judged, **more)
