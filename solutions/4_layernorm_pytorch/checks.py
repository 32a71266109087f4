"""The visible checks of ``4_layernorm_pytorch``: published examples and properties.

They tell you what to look at next. The grade is given by other cases of the same kinds. They run on a CUDA device where
there is one, else on the CPU.
"""

import dis
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

import gpu_compiler
import kernel_accesses
import python_errors
from card import Answer, Card, attempt, describe, letters, predicted
from tensors import compare, drawn, figures, present

CHAPTER = "4_layernorm_pytorch"
FUNCTION = "autograd-function: How does a gradient of your own get into PyTorch?"
SAVE = "what-to-save: What should be saved, and what made again?"
BYTES = "bytes-saved: How many bytes does each version keep?"
MODULE = "module-parameters: What does the module add to the function?"
TWICE = "gradcheck-double-backward: How do you check it, and what is a second derivative for?"
PRECISION = "low-precision: What changes with 16 bits?"
TRITON_FORWARD = "triton-forward: How is a kernel written?"
TRITON_BACKWARD = "triton-backward: How do programs that each own a row compute a sum over rows?"
PADDING = "padding-trap: Why does RMSNorm need no mask in its sum, and LayerNorm does?"
COMPILER = "without-a-gpu: Without a GPU"

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
GRADIENTS = {"grad", "vjp", "jacobian"}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

# The worked example.
TOKENS = [[-3.0, 3.0, 5.0, 11.0], [0.0, 0.0, 4.0, 4.0]]
WEIGHT, BIAS = [2.0, 1.0, 0.5, 1.5], [1.0, 0.0, -1.0, 2.0]
DY = [[0.0, 2.0, -2.0, 2.0], [1.0, 0.0, 2.0, 0.0]]
Y = [[-1.8, -0.2, -0.9, 4.1], [-1.0, -1.0, -0.5, 3.5]]
DX = [[0.052, 0.236, -0.436, 0.148], [0.5, -0.5, 0.25, -0.25]]
DWEIGHT, DBIAS = [-1.0, -0.4, 1.6, 2.8], [1.0, 2.0, 0.0, 2.0]


# Triton, or what stands in for it -------------------------------------------------------------


class _StandIn:
    """Takes the place of Triton where it is not installed: a kernel can be defined, and not be run."""

    def __getattr__(self, name: str) -> "_StandIn":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs) -> "_StandIn":
        return self

    def __getitem__(self, key) -> "_StandIn":
        return self


def triton() -> tuple:
    """Return (triton, triton.language); without a GPU Triton's interpreter runs the kernels."""
    if DEVICE == "cpu":
        os.environ["TRITON_INTERPRET"] = "1"  # is read when Triton is imported
    try:
        import triton
        import triton.language
    except ImportError:
        return _StandIn(), _StandIn()
    if DEVICE == "cpu":
        gpu_compiler.mend_interpreter()
    return triton, triton.language


def _runs(card: Card, kernel: object, name: str) -> bool:
    """Note whether there is a kernel that can be launched here."""
    if isinstance(kernel, _StandIn):
        card.note(
            "Triton is not installed here, so this kernel can't be run; it is optional, and the rest "
            "of the notebook does not "
            "need it. On Linux: python -m pip install triton==3.7.1; then "
            "restart the kernel. No GPU is needed."
        )
        return False
    if isinstance(kernel, importlib.import_module("triton.runtime.jit").KernelInterface):
        return True
    hint = f"Keep the line `@triton.jit` above `def {name}(…)`."
    return card.check(
        False, "is a Triton kernel", "a function under @triton.jit", describe(kernel), hint, TRITON_FORWARD
    )


# what checks share ----------------------------------------------------------------------------


def _tensor(values, dtype=torch.float64, wants=False) -> torch.Tensor:
    return torch.as_tensor(values, device=DEVICE).to(dtype).clone().requires_grad_(wants)


def _named(body: Callable) -> set[str]:
    """Return the names in the code of a method, but for globals that the notebook made: its own LayerNorm is no library's."""
    known = body.__globals__

    def made_here(name: str) -> bool:
        value = known.get(name)
        return name in known and (getattr(value, "__module__", None) == known.get("__name__") or getattr(value, "__name__", name) != name)

    steps = [step for step in dis.get_instructions(body) if step.opcode in dis.hasname]
    return {step.argval for step in steps if not (step.opname == "LOAD_GLOBAL" and made_here(step.argval))}


def _own_work(card: Card, thing: object, names: set[str], section: str) -> None:
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


@dataclass
class _Step:
    """Inputs of one call, its output and the gradients that came back."""

    x: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor
    y: Answer
    gradients: Answer


def _step(function: type, x, weight, bias, dy, eps=1e-5, wants=(True, True, True)) -> _Step:
    """Run a Function forward and backward."""
    inputs = [t.detach().requires_grad_(want) for t, want in zip((x, weight, bias), wants)]
    y = attempt(function.apply, *inputs, eps)
    if y.problem or not isinstance(y.value, torch.Tensor):
        return _Step(*inputs, y, y)
    wanted = [t for t, want in zip(inputs, wants) if want]
    gradients = attempt(lambda: torch.autograd.grad(y.value, wanted, dy, allow_unused=True, retain_graph=True))
    return _Step(*inputs, y, gradients)


def _example(dtype=torch.float64) -> tuple[torch.Tensor, ...]:
    return tuple(_tensor(values, dtype) for values in (TOKENS, WEIGHT, BIAS, DY))


def _root_mean_square(values: torch.Tensor, *dims: int) -> torch.Tensor:
    return values.square().mean(dims, keepdim=True).sqrt()


def _forward_signs(section: str) -> list[tuple]:
    """Return what known mistakes make of the worked example's y: (result, hint, section)."""
    x, weight, bias, _ = _example()
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


def _slope_signs(section: str) -> tuple[list[tuple], list[tuple], list[tuple]]:
    """Return what known mistakes make of the worked example's gradients of x, of weight and of bias."""
    x, weight, bias, dy = _example()
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


def _reason(problem: str) -> str:
    """Say what an error means, if it is one that many meet."""
    if "UnboundLocalError" in problem:
        return "Give every gradient a value, None where `ctx.needs_input_grad` is False."
    meaning = python_errors.meaning_of(*problem.split(": ", 1)) if ": " in problem else None
    return meaning.hint if meaning else ""


# LayerNormFunction ----------------------------------------------------------------------------


def layernorm_function(function: type) -> None:
    card = Card("LayerNormFunction", CHAPTER)
    good = present(card, function, "class", "class LayerNormFunction(torch.autograd.Function):", FUNCTION)
    if good and _is_function(card, function) and _forward_example(card, function) and _backward_example(card, function):
        _with_eps(card, function)
        _again(card, function)  # what is changed in place spoils the checks below, so it is named first
        _hands_off(card, function)
        _constant(card, function)
        _weight_of_zero(card, function)
        _any_rank(card, function)
        _gradcheck(card, function)
        _kept(card, function)
        _subsets(card, function)
        _sixteen_bits(card, function)
        _gaps(card, function)
        _own_work(card, function, LIBRARIES | GRADIENTS, FUNCTION)
    card.show()


def _is_function(card: Card, function: type) -> bool:
    good = isinstance(function, type) and issubclass(function, torch.autograd.Function)
    return card.check(
        good,
        "is a torch.autograd.Function",
        "torch.autograd.Function among its bases",
        describe(function),
        "Derive it from `torch.autograd.Function`, with static methods `forward` and `backward`.",
        FUNCTION,
    )


def _forward_example(card: Card, function: type) -> bool:
    x, weight, bias, _ = _example()
    answer = attempt(function.apply, x, weight, bias, 1e-5)
    answer.hint = _reason(answer.problem) or answer.hint
    hint = "x̂ = (x − mean)·rstd over the last axis, rstd = 1/√(variance + ε); y = weight·x̂ + bias."
    return compare(card, "the worked example: y", answer, _tensor(Y), hint, FUNCTION, _forward_signs(FUNCTION), atol=2e-3)


def _backward_example(card: Card, function: type) -> bool:
    x, weight, bias, dy = _example()
    step = _step(function, x, weight, bias, dy)
    problem = step.gradients.problem
    if problem:
        hint = _reason(problem) or step.gradients.hint
        return card.check(False, "the worked example: the backward runs", "three gradients", problem, hint, FUNCTION)
    of_x, of_weight, of_bias = _slope_signs(FUNCTION)
    hint = (
        "With g = dy ⊙ weight: subtract its mean and its component along x̂, then multiply by rstd. "
        "Chapter 3 derives it."
    )
    nothing = Answer(problem="None", hint="`backward` returns dx, dweight and dbias, and None for eps.")
    dx, dweight, dbias = (nothing if g is None else Answer(g) for g in step.gradients.value)
    good = compare(card, "… the gradient of x", dx, _tensor(DX), hint, FUNCTION, of_x, atol=1e-3)
    good &= compare(
        card,
        "… the gradient of weight",
        dweight,
        _tensor(DWEIGHT),
        "Σ dy ⊙ x̂ over every token.",
        FUNCTION,
        of_weight,
        atol=1e-3,
    )
    return good & compare(
        card, "… the gradient of bias", dbias, _tensor(DBIAS), "Σ dy over every token.", FUNCTION, of_bias, atol=1e-3
    )


def _with_eps(card: Card, function: type) -> None:
    x, weight, bias, dy = _example()
    one = _step(function, x[:1], _tensor([1.0] * 4), _tensor([0.0] * 4), dy[:1], eps=11.0)
    hint = (
        "eps is the fourth argument: it stands under the root, in the forward and in all that the backward divides by."
    )
    expected = _tensor([[-7 / 6, -1 / 6, 1 / 6, 7 / 6]])
    if compare(card, "with ε = 11 the root is 6, and y = x̂ = (−7, −1, 1, 7)/6", one.y, expected, hint, FUNCTION):
        slopes = Answer(one.gradients.value[0]) if one.gradients.value else one.gradients
        known = _tensor([[-0.0023, 0.2616, -0.4282, 0.1690]])
        compare(card, "… and x's gradient for dy = (0, 2, −2, 2)", slopes, known, hint, FUNCTION, atol=1e-3)


def _constant(card: Card, function: type) -> None:
    _, weight, bias, dy = _example()
    step = _step(function, _tensor([[7.0] * 4]), weight, bias, dy[:1])
    hint = "There x̂ is 0, and so is the spread. Divide by nothing but the root that contains ε."
    if compare(card, "a constant token gives bias", step.y, bias[None], hint, FUNCTION):
        found = step.gradients.problem or figures(step.gradients.value[0])
        good = not step.gradients.problem and bool(torch.isfinite(step.gradients.value[0]).all())
        card.check(good, "… and x's gradient is finite", "finite numbers", found, _reason(found) or hint, FUNCTION)


def _weight_of_zero(card: Card, function: type) -> None:
    x, _, bias, dy = _example()
    step = _step(function, x, _tensor([2.0, 0.0, 0.5, 1.5]), bias, dy)
    found = step.gradients.problem or figures(step.gradients.value[1])
    good = not step.gradients.problem and all(bool(torch.isfinite(g).all()) for g in step.gradients.value)
    hint = "y says nothing of x̂ where weight is 0, so x̂ can't be won back by dividing by weight. x, mean and rstd give it."
    card.check(good, "with a weight of 0 the gradients are finite", "finite numbers", found, _reason(found) or hint, FUNCTION)


def _any_rank(card: Card, function: type) -> None:
    twelve, weight, bias, dy = (
        t.to(DEVICE) for t in (drawn(12, 7), drawn(7, seed=1), drawn(7, seed=2), drawn(12, 7, seed=3))
    )
    flat = _step(function, twelve, weight, bias, dy)
    if flat.gradients.problem:
        card.check(
            False,
            "twelve tokens of 7 features",
            "gradients",
            flat.gradients.problem,
            _reason(flat.gradients.problem),
            FUNCTION,
        )
        return
    hint = "The features are the last axis, `dim=-1`; the tokens are all axes before it, or none."
    for shape in ((2, 6, 7), (1, 3, 1, 4, 7)):
        other = _step(function, twelve.reshape(shape), weight, bias, dy.reshape(shape))
        text = f"twelve tokens in shape {shape} are those of (12, 7)"
        problem = other.y.problem or other.gradients.problem
        if problem:
            card.check(False, text, "y and gradients", problem, _reason(problem) or hint, FUNCTION)
            return
        pairs = zip((other.y.value, *other.gradients.value), (flat.y.value, *flat.gradients.value))
        good = all(a is not None and torch.allclose(a.reshape(b.shape), b) for a, b in pairs)
        if not card.check(good, text, "the same numbers", "others", hint, FUNCTION):
            return
    one = _step(function, twelve[0], weight, bias, dy[0])
    problem = one.y.problem or one.gradients.problem
    good = not problem and torch.allclose(one.y.value, flat.y.value[0])
    card.check(
        good, "a single token of shape (7,)", figures(flat.y.value[0]), problem or figures(one.y.value), hint, FUNCTION
    )


def _gradcheck(card: Card, function: type) -> None:
    inputs = [t.to(DEVICE).requires_grad_() for t in (drawn(3, 5), drawn(5, seed=1), drawn(5, seed=2))]

    def run(x, weight, bias, eps=0.1):
        return function.apply(x, weight, bias, eps)

    first = attempt(torch.autograd.gradcheck, run, inputs)
    hint = _reason(first.problem) or (
        "Here d is 5 and ε is 0.1: does the code count on other ones? And is everything in float64 "
        "when the inputs are? A `.float()` leaves 7 digits."
    )
    found = _first_line(first.problem)
    if card.check(
        not found,
        "gradcheck passes: gradients agree with finite differences (float64, ε = 0.1)",
        "True",
        found,
        hint,
        TWICE,
    ):
        _with_a_graph(card, run, inputs)
        second = attempt(torch.autograd.gradgradcheck, run, inputs)
        hint = _reason(second.problem) or (
            "First derivatives are right. Are mean, rstd or x̂ of the backward the saved ones? Those "
            "are numbers without a history: when "
            "`torch.is_grad_enabled()` in the backward, compute them again from x. No detach, no "
            "NumPy, no no_grad either."
        )
        card.check(
            not second.problem,
            "gradgradcheck passes: so do second derivatives",
            "True",
            _first_line(second.problem),
            hint,
            TWICE,
        )


def _with_a_graph(card: Card, run: Callable, inputs: list[torch.Tensor]) -> None:
    """Check that a gradient which is to be differentiated is the same: gradgradcheck asks only whether its derivative fits it."""
    y = run(*inputs)
    run(*(2 * t.detach() + 1 for t in inputs), 1.0)  # another layer, meanwhile
    plain, recorded = (
        attempt(torch.autograd.grad, y, inputs, drawn(3, 5, seed=3).to(DEVICE), retain_graph=True, create_graph=graph)
        for graph in (False, True)
    )
    problem = plain.problem or recorded.problem
    good = not problem and all(torch.allclose(a, b) for a, b in zip(plain.value, recorded.value))
    hint = "Statistics that are made again need this call's own ε: keep it as `ctx.eps = eps`, and add it there, too."
    text = "a gradient that is to be differentiated (create_graph=True) is the same"
    card.check(good, text, "the same numbers", problem or "others", _reason(problem) or hint, TWICE)


def _first_line(problem: str) -> str:
    return problem.partition("\n")[0].rstrip(",")


def _listed(call: Callable) -> tuple[Answer, list[torch.Tensor]]:
    """Run a call; return its answer, and what autograd saved for the backward."""
    saved: list[torch.Tensor] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        return attempt(call), saved


def _beside(saved: list[torch.Tensor], came_in: tuple) -> list[torch.Tensor]:
    """Of what was saved, leave out what shares its memory with the inputs, and what was saved before."""
    places = {t.untyped_storage().data_ptr() for t in came_in}
    kept = {t.untyped_storage().data_ptr(): t for t in saved}
    return [t for place, t in kept.items() if place not in places]


def _kept(card: Card, function: type) -> None:
    x, weight, bias = (
        t.to(DEVICE, torch.bfloat16).requires_grad_() for t in (drawn(32, 64), drawn(64, seed=1), drawn(64, seed=2))
    )
    y, saved = _listed(lambda: function.apply(x, weight, bias, 1e-5))
    if y.problem:
        card.check(False, "bfloat16 rows go through", "y", y.problem, y.hint, PRECISION)
        return
    extra = _beside(saved, (x, weight, bias))
    size = sum(t.nbytes for t in extra)
    shown = ", ".join(f"{tuple(t.shape)} {str(t.dtype)[6:]}" for t in extra)
    hint = (
        "Save x itself, which is there already, and mean and rstd. x̂, deviations and wider copies can be "
        "made again from them."
    )
    text = "for 32 rows of 64 features no more is saved than x, weight, bias and 16 bytes a row"
    card.check(size <= 16 * 32 + 64, text, "at most 512 bytes besides the inputs", f"{size} bytes: {shown}", hint, BYTES)
    attributes = getattr(y.value.grad_fn, "__dict__", {})
    on_context = [
        name
        for name, value in attributes.items()
        if isinstance(value, (torch.Tensor, tuple, list, dict)) and _holds(value)
    ]
    found = ", ".join(f"ctx.{name}" for name in on_context)
    hint = (
        "Hand tensors to `ctx.save_for_backward(…)`, once, and read `ctx.saved_tensors`. Plain numbers "
        "may be attributes."
    )
    card.check(not found, "no tensor is an attribute of ctx", "none", found, hint, SAVE)


def _holds(value: object) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else [value]
    return any(isinstance(item, torch.Tensor) for item in inside)


def _subsets(card: Card, function: type) -> None:
    x, weight, bias, dy = _example()
    whole = _step(function, x, weight, bias, dy).gradients.value
    hint = (
        "`ctx.needs_input_grad` says who wants a gradient. Return None for the others, and still one "
        "value for each argument."
    )
    for wants in ((True, False, False), (False, True, False), (False, False, True), (False, True, True)):
        names = [n for n, want in zip(("x", "weight", "bias"), wants) if want]
        text = f"only {' and '.join(names)} {'wants' if len(names) == 1 else 'want'} a gradient"
        step = _step(function, x, weight, bias, dy, wants=wants)
        expected = [g for g, want in zip(whole, wants) if want]
        problem = step.gradients.problem
        good = not problem and all(
            a is not None and torch.allclose(a, b) for a, b in zip(step.gradients.value, expected)
        )
        found = problem or "other gradients"
        if not card.check(good, text, "the same as before", found, _reason(problem) or hint, FUNCTION):
            return
    with torch.no_grad():
        y = attempt(function.apply, *(t.requires_grad_() for t in (x, weight, bias)), 1e-5)
    good = isinstance(y.value, torch.Tensor) and not y.value.requires_grad
    card.check(
        good, "under no_grad there is a y and no graph", "no graph", y.problem or describe(y.value), y.hint, FUNCTION
    )


def _sixteen_bits(card: Card, function: type) -> None:
    for dtype, name in ((torch.float32, "float32"), (torch.bfloat16, "bfloat16"), (torch.float16, "float16")):
        x, weight, bias, dy = _example(dtype)
        y = attempt(function.apply, x, weight, bias, 1e-5)
        found = y.problem or str(getattr(y.value, "dtype", describe(y.value)))
        hint = "A wider tensor joined in: end with `.to(x.dtype)`."
        if not card.check(
            found == f"torch.{name}", f"{name} in, {name} out", f"torch.{name}", found, y.hint or hint, PRECISION
        ):
            return
    ones, zeros = _tensor([1.0] * 4, torch.bfloat16), _tensor([0.0] * 4, torch.bfloat16)
    x = _tensor([[98.0, 99.0, 101.0, 102.5]], torch.bfloat16)  # mean 100.125, which bfloat16 does not have
    expected = _tensor([[-1.2174, -0.6445, 0.5013, 1.3606]])
    y = attempt(lambda: function.apply(x, ones, zeros, 1e-5).double())
    hint = "bfloat16 has 100 and 100.5 and nothing between. Convert x to float32 before anything is averaged."
    compare(card, "bfloat16 features (98, 99, 101, 102.5)", y, expected, hint, PRECISION, atol=0.01)
    x = 64 * _example(torch.float16)[0]
    y = attempt(lambda: function.apply(x, ones.half(), zeros.half(), 1e-5).double())
    hint = "In float16 everything above 65,504 is infinite, and 448² is. Convert to float32 before you square."
    expected = _tensor([[-1.4, -0.2, 0.2, 1.4], [-1.0, -1.0, 1.0, 1.0]])
    compare(card, "float16 features, 64 times the example's: the same x̂", y, expected, hint, PRECISION, atol=0.01)
    x = (_example()[0] + 8192).float()
    y = attempt(lambda: function.apply(x, ones.float(), zeros.float(), 1e-5).double())
    hint = "mean(x²) − mean(x)² has no digit left at this offset. Subtract the mean first, then square."
    compare(card, "the example shifted by 8192, in float32: the same x̂", y, expected, hint, PRECISION, atol=0.01)
    many = _tensor([[98.0, 99.0, 101.0, 102.5]] * 1000, torch.bfloat16)
    owned = [t.clone().requires_grad_() for t in (ones, zeros)]
    sums = attempt(lambda: torch.autograd.grad(function.apply(many, *owned, 1e-5), owned, torch.ones_like(many)))
    hint = "In bfloat16 256 + 1 is 256. Add the rows up in float32, and convert the sum."
    if not sums.problem:
        sums = replace(sums, value=torch.cat([t.double() for t in sums.value]))
    expected = _tensor([-1217.4, -644.5, 501.3, 1360.6] + [1000.0] * 4)
    compare(card, "1,000 such rows, dy = 1: the gradients of weight and bias", sums, expected, hint, PRECISION, atol=10.0)


def _gaps(card: Card, function: type) -> None:
    x, weight, bias, dy = (
        t.to(DEVICE) for t in (drawn(2, 3, 7), drawn(7, seed=1), drawn(7, seed=2), drawn(2, 3, 7, seed=3))
    )
    plain = _step(function, x, weight, bias, dy)
    turned = _step(function, x.transpose(0, 1), weight, bias, dy.transpose(0, 1))
    problem = plain.gradients.problem or turned.y.problem or turned.gradients.problem
    pairs = () if problem else ((turned.y.value, plain.y.value), (turned.gradients.value[0], plain.gradients.value[0]))
    good = not problem and all(torch.allclose(t.transpose(0, 1), p) for t, p in pairs)
    hint = _reason(problem) or "`reshape` where `view` stands, and nothing that walks through the storage."
    card.check(
        good,
        "tensors that are not contiguous, as transpose makes them",
        "the same numbers",
        problem or "others",
        hint,
        FUNCTION,
    )
    summed = attempt(lambda: function.apply(x.requires_grad_(), weight, bias, 1e-5).sum().backward())
    hint = "The gradient of a sum arrives as a single 1 that is stretched over the whole shape. `reshape`, not `view`."
    card.check(not summed.problem, "y.sum().backward() runs", "no error", summed.problem, hint, FUNCTION)


def _again(card: Card, function: type) -> None:
    x, weight, bias, dy = _example()
    inputs = [t.requires_grad_() for t in (x, weight, bias)]
    first = attempt(function.apply, *inputs, 1e-5)
    attempt(function.apply, *(2 * t.detach() + 1 for t in inputs), 0.1)  # another layer, meanwhile
    runs = [attempt(torch.autograd.grad, first.value, inputs, dy.clone(), retain_graph=True) for _ in range(2)]
    kept = dy.clone()
    runs.append(attempt(torch.autograd.grad, first.value, inputs, kept, retain_graph=True))
    expected = _tensor(DX)
    for run, text in zip(
        runs, ("another call in between does not matter", "a second backward over the same graph gives the same")
    ):
        good = not run.problem and torch.allclose(run.value[0], expected, atol=1e-3)
        hint = (
            _reason(run.problem)
            or "All that the backward needs is in ctx, and the backward leaves it as it is: no `*=`, `mul_` or `pop`."
        )
        if not card.check(good, text, figures(expected), run.problem or figures(run.value[0]), hint, SAVE):
            return
    card.check(
        torch.equal(kept, dy),
        "the backward leaves dy as it was",
        "dy unchanged",
        "dy changed",
        "Something like `dy *= weight` writes into a tensor that may be somebody else's, too. `g = dy * weight` makes a new one.",
        SAVE,
    )


def _hands_off(card: Card, function: type) -> None:
    x, weight, bias, dy = _example(torch.float32)
    before = [t.clone() for t in (x, weight, bias)]
    _step(function, x, weight, bias, dy)
    names = [n for n, t, was in zip(("x", "weight", "bias"), (x, weight, bias), before) if not torch.equal(t, was)]
    hint = "Something like `x -= mean` or `x.sub_(mean)` writes into the caller's tensor."
    card.check(
        not names, "the arguments are left as they were", "no change", f"changed: {', '.join(names)}", hint, FUNCTION
    )


# LayerNorm ------------------------------------------------------------------------------------


def layernorm_module(kind: type) -> None:
    card = Card("LayerNorm", CHAPTER)
    if (
        present(card, kind, "class", "class LayerNorm(nn.Module):", MODULE)
        and _can_be_made(card, kind)
        and _registered(card, kind)
    ):
        if _module_example(card, kind):
            _learns(card, kind)
            _module_shapes(card, kind)
            _module_dtypes(card, kind)
            _own_work(card, kind, LIBRARIES, MODULE)
    card.show()


def _layer(kind: type, d: int, dtype=torch.float64, weight=None, bias=None, **options) -> nn.Module:
    layer = kind(d, **options).to(DEVICE, dtype)
    with torch.no_grad():
        if weight is not None:
            layer.weight.copy_(_tensor(weight))
            layer.bias.copy_(_tensor(bias))
    return layer


def _can_be_made(card: Card, kind: type) -> bool:
    answer = attempt(kind, 4)
    found = answer.problem or describe(answer.value)
    hint = "Derive the class from `nn.Module`; the constructor takes d, and eps with the default 1e-5."
    if "before Module.__init__() call" in found:
        hint = "Begin `__init__` with `super().__init__()`."
    good = isinstance(answer.value, nn.Module)
    return card.check(good, "LayerNorm(4) makes an nn.Module", "an nn.Module", found, answer.hint or hint, MODULE)


def _registered(card: Card, kind: type) -> bool:
    layer = kind(4)
    shapes = {name: tuple(p.shape) for name, p in layer.named_parameters()}
    hint = (
        "`self.weight = nn.Parameter(…)`, of shape (d,), and `self.bias` likewise. Plain tensors and "
        "buffers are not trained."
    )
    expected = {"weight": (4,), "bias": (4,)}
    if not card.check(
        shapes == expected, "its parameters are weight and bias, of shape (4,)", expected, shapes, hint, MODULE
    ):
        return False
    good = bool((layer.weight == 1).all() and (layer.bias == 0).all())
    found = f"weight = {figures(layer.weight)}, bias = {figures(layer.bias)}"
    return card.check(
        good,
        "a new layer has weight 1 and bias 0",
        "ones and zeros",
        found,
        "It begins as plain normalisation.",
        MODULE,
    )


def _module_example(card: Card, kind: type) -> bool:
    layer = _layer(kind, 4, weight=WEIGHT, bias=BIAS)
    hint = "y = weight·x̂ + bias over the last axis, with the weight and bias that the layer holds now."
    if not compare(card, "the worked example: y", attempt(layer, _tensor(TOKENS)), _tensor(Y), hint, MODULE, _forward_signs(MODULE), atol=2e-3):
        return False
    hint = "eps is the constructor's argument: keep it, and add it under the root in forward."
    expected = _tensor([[-7 / 6, -1 / 6, 1 / 6, 7 / 6]])
    wide = attempt(_layer(kind, 4, eps=11.0), _tensor(TOKENS[:1]))
    good = compare(card, "LayerNorm(4, eps=11): the root is 6", wide, expected, hint, MODULE)
    quiet = attempt(_layer(kind, 2), _tensor([[0.001, -0.001]]))
    hint = "Without eps the variance 1e-6 would give ±1. The default is 1e-5: 0.001/√(1.1e-5) = 0.3015."
    return good & compare(
        card,
        "eps is 1e-5 when it is not given: (0.001, −0.001)",
        quiet,
        _tensor([[0.3015, -0.3015]]),
        hint,
        MODULE,
        atol=1e-3,
    )


def _learns(card: Card, kind: type) -> None:
    layer = _layer(kind, 4, weight=WEIGHT, bias=BIAS)
    x = _tensor(TOKENS, wants=True)
    ran = attempt(lambda: layer(x).backward(_tensor(DY)))
    for name, found, expected in (
        ("x", x.grad, DX),
        ("weight", layer.weight.grad, DWEIGHT),
        ("bias", layer.bias.grad, DBIAS),
    ):
        hint = (
            "The parameter is used as it is, without `.data` and `.detach()`."
            if name != "x"
            else "Is it LayerNormFunction that runs?"
        )
        if not ran.problem and found is None:
            card.check(False, f"… the gradient of {name}", expected, "no gradient", hint, MODULE)
            continue
        answer = Answer(found) if not ran.problem else ran
        compare(card, f"… the gradient of {name}", answer, _tensor(expected), hint, MODULE, atol=1e-3)


def _module_shapes(card: Card, kind: type) -> None:
    layer = _layer(kind, 7)
    twelve = drawn(12, 7).to(DEVICE)
    flat = attempt(layer, twelve)
    for shape in ((2, 6, 7), (1, 3, 1, 4, 7)):
        answer = attempt(layer, twelve.reshape(shape))
        hint = "The features are the last axis, `dim=-1`."
        expected = flat.value.reshape(shape) if isinstance(flat.value, torch.Tensor) else twelve.reshape(shape)
        if not compare(card, f"twelve tokens in shape {shape} are those of (12, 7)", answer, expected, hint, MODULE):
            return
    turned = attempt(layer, twelve.reshape(3, 4, 7).transpose(0, 1))
    good = not turned.problem and torch.allclose(turned.value.transpose(0, 1).reshape(12, 7), flat.value)
    hint = _reason(turned.problem) or "`reshape` where `view` stands."
    card.check(good, "a tensor that is not contiguous", "the same numbers", turned.problem or "others", hint, MODULE)


def _module_dtypes(card: Card, kind: type) -> None:
    for dtype, weights in (
        (torch.bfloat16, torch.bfloat16),
        (torch.float16, torch.float16),
        (torch.bfloat16, torch.float32),
    ):
        layer = _layer(kind, 4, weights, WEIGHT, BIAS)
        answer = attempt(layer, _tensor(TOKENS, dtype))
        found = answer.problem or str(getattr(answer.value, "dtype", describe(answer.value)))
        text = f"a layer in {str(weights)[6:]}: {str(dtype)[6:]} in, {str(dtype)[6:]} out"
        if not card.check(
            found == str(dtype), text, dtype, found, answer.hint or "End with `.to(x.dtype)`.", PRECISION
        ):
            return
    answer = attempt(
        lambda: _layer(kind, 4, torch.bfloat16)(_tensor([[98.0, 99.0, 101.0, 102.5]], torch.bfloat16)).double()
    )
    expected = _tensor([[-1.2174, -0.6445, 0.5013, 1.3606]])
    hint = "The mean is 100.125, and bfloat16 has 100 and 100.5. Statistics in float32."
    compare(card, "bfloat16 features (98, 99, 101, 102.5)", answer, expected, hint, PRECISION, atol=0.01)
    layer = _layer(kind, 4, torch.float32)
    attempt(layer, _tensor([[98.0, 99.0, 101.0, 102.5]], torch.float32))
    again = attempt(lambda: layer(_tensor([[-98.0, 99.0, 101.0, -102.0]], torch.float32)).double())
    hint = "Each x has statistics of its own. Keep none of them from one call to the next."
    expected = _tensor([[-0.9799, 0.9899, 1.0099, -1.0199]])
    compare(card, "a second call, of another x", again, expected, hint, PRECISION, atol=0.01)
    far = attempt(lambda: _layer(kind, 4, torch.float32)((_example()[0] + 8192).float()).double())
    expected = _tensor([[-1.4, -0.2, 0.2, 1.4], [-1.0, -1.0, 1.0, 1.0]])
    hint = "mean(x²) − mean(x)² has no digit left at this offset. Subtract the mean first, then square."
    compare(card, "the example's x shifted by 8192, in float32: x̂", far, expected, hint, PRECISION, atol=0.01)
    layer, x = _layer(kind, 64, torch.float32), (5 + drawn(8, 64)).to(DEVICE, torch.float32)
    with torch.autocast(DEVICE, dtype=torch.bfloat16):
        inside = attempt(layer, x)
    hint = "Under autocast `@`, `einsum` and `F.linear` run in bfloat16, and so would statistics that are made by them."
    compare(
        card,
        "under autocast, float32 in: the same, in float32",
        inside,
        attempt(layer, x).value,
        hint,
        PRECISION,
        atol=1e-3,
    )
    if isinstance(inside.value, torch.Tensor):
        card.check(
            inside.value.dtype == torch.float32,
            "… and float32 out",
            "torch.float32",
            inside.value.dtype,
            hint,
            PRECISION,
        )


# the kernels ----------------------------------------------------------------------------------

_UNTOUCHED = -7.0


def _table(values, stride: int, dtype=torch.float32) -> torch.Tensor:
    """Rows a stride apart in memory that is full of NaN, as far as a block may reach."""
    values = torch.as_tensor(values, dtype=torch.float64)
    roomy = torch.full((len(values) + 1 + 64 // stride, stride), float("nan"), dtype=torch.float64)
    roomy[: len(values), : values.shape[1]] = values
    return roomy.to(DEVICE, dtype)


def _vector(values, dtype=torch.float32) -> torch.Tensor:
    """Values with NaN behind them."""
    return torch.cat([torch.as_tensor(values, dtype=torch.float64), torch.full((64,), float("nan"))]).to(DEVICE, dtype)


def _blank(*shape: int, dtype=torch.float32) -> torch.Tensor:
    return torch.full(shape, _UNTOUCHED, device=DEVICE, dtype=dtype)


def _launch(kernel, grid: int, *args, block: int) -> Answer:
    def launch() -> None:
        function, options = kernel, {"BLOCK": block}
        if DEVICE == "cpu":  # no GPU times the configurations of `@triton.autotune`
            function, options = gpu_compiler.alone(kernel, args, options)
        function[(grid,)](*args, **options)

    answer = attempt(launch)
    if "write this" in answer.problem or "NotImplementedError" in answer.problem:
        return Answer(None, *python_errors.NOT_WRITTEN)
    return answer


def _compiles(card: Card, kernel, arguments: Callable) -> None:
    """Note what a GPU's compiler says; where there is one, it has spoken at the first launch.

    arguments: from the dtype of the rows to what the kernel is launched with for the worked example.
    """
    if DEVICE != "cpu":
        return
    try:
        for dtype in (torch.float32, torch.bfloat16):
            gpu_compiler.compile_for_gpu(kernel, *arguments(dtype), BLOCK=4)
    except gpu_compiler.Unknown as unknown:
        card.note(f"Whether a GPU's compiler takes the kernel can't be told here: {unknown}")
    except gpu_compiler.CompilationError as error:
        text = f"a GPU's compiler takes it, for rows of {str(dtype).removeprefix('torch.')}"
        card.check(False, text, "it compiles", *python_errors.told(error), COMPILER)
    else:
        card.check(True, "a GPU's compiler takes it, as far as that can be told without a GPU")


def _memory(card: Card, kernel, arguments: tuple, read: dict[str, int], written: dict[str, int]) -> None:
    """Check that no two programs meet in memory, and note how often each number of the example's two rows of four is touched.

    A GPU runs the programs at the same time; what they do in one place is seen in Triton's interpreter.
    read, written: {name: position among the arguments}.
    """
    if DEVICE != "cpu":
        return
    with kernel_accesses.noted() as accesses:
        ran = _launch(kernel, 2, *arguments, block=4)
    race = kernel_accesses.first_race(accesses)
    hint = "On a GPU they run at the same time. So none may prepare, read or correct what another one writes."
    found = race and f"program {race.other} {race.does} what program {race.writer} writes"
    card.check(race is None, "no program touches what another one writes", "no race", found, hint, COMPILER)
    if not ran.problem:
        loaded, stored = kernel_accesses.counted(accesses, {name: arguments[i] for name, i in (read | written).items()})
        reads = (f"{name} {loaded[name] / 8:g}×" for name in read)
        writes = (f"{name} {stored[name] / 8:g}×" for name in written)
        card.note(f"Memory: reads {', '.join(reads)}, writes {', '.join(writes)}. Once each is the least.")


def _undefined(card: Card, run: Callable[[], Answer], expected: torch.Tensor) -> None:
    """Compare once more, with NaN in the lanes of which a load says nothing; a GPU can't be told what to have there."""
    if DEVICE != "cpu":
        return
    with kernel_accesses.undefined_lanes():
        answer = run()
    text = "… and the same with NaN in the lanes that a load without `other` leaves out"
    hint = "Triton promises no zeros there: `tl.load(…, mask=columns < n, other=0.0)` for all that goes into a sum."
    compare(card, text, answer, expected, hint, PADDING, atol=1e-3)


def _forward(
    kernel, x, weight, bias, eps, n, block, stride, y_stride, dtype=torch.float32
) -> tuple[Answer, Answer, Answer, int]:
    """Return (y, mean, rstd, how many values outside of the rows were written)."""
    rows = len(x)
    y, mean, rstd = _blank(rows + 1 + 64 // y_stride, y_stride, dtype=dtype), _blank(rows + 1), _blank(rows + 1)
    table = _table(x, stride, dtype)
    ran = _launch(
        kernel,
        rows,
        table,
        y,
        _vector(weight, dtype),
        _vector(bias, dtype),
        mean,
        rstd,
        stride,
        y_stride,
        n,
        eps,
        block=block,
    )
    if ran.problem:
        return ran, ran, ran, 0
    inside = y[:rows, :n].double()
    outside = int((y != _UNTOUCHED).sum() - (y[:rows, :n] != _UNTOUCHED).sum())
    return Answer(inside), Answer(mean[:rows].double()), Answer(rstd[:rows].double()), outside


def forward_kernel(kernel: object) -> None:
    card = Card("layernorm_forward_kernel", CHAPTER)
    if _runs(card, kernel, "layernorm_forward_kernel"):
        y, mean, rstd, _ = _forward(kernel, TOKENS, WEIGHT, BIAS, 1e-5, 4, 4, 4, 4)
        hint = "One program, one row: load it, mean, variance, rstd, then weight·x̂ + bias."
        only_one = _tensor([[-1.8, -0.2, -0.9, 4.1], [_UNTOUCHED] * 4])
        signs = [
            (only_one, "Only row 0 was written: `row = tl.program_id(0)`.", TRITON_FORWARD),
            (_tensor(Y).half().double(), "y was rounded to float16. Its rows are float32 here, and the store converts by itself.", PRECISION),
            *_forward_signs(TRITON_FORWARD),
        ]
        if compare(card, "the worked example (n = BLOCK = 4): y", y, _tensor(Y), hint, TRITON_FORWARD, signs):
            signs = [
                (_tensor([_UNTOUCHED] * 2), "Nothing was stored there: `tl.store(mean + row, …)`.", TRITON_FORWARD)
            ]
            compare(card, "… mean", mean, _tensor([4.0, 2.0]), "One float32 number a row.", TRITON_FORWARD, signs)
            signs.append(
                (_tensor([5.0, 2.0]), "This is the standard deviation; rstd is its reciprocal.", TRITON_FORWARD)
            )
            compare(
                card, "… rstd", rstd, _tensor([0.2, 0.5]), "1/√(variance + ε), one number a row.", TRITON_FORWARD, signs
            )
            if _forward_strides(card, kernel):  # a wrong stride finds NaN too, which is not a missing mask then
                _forward_padding(card, kernel)
            _forward_rest(card, kernel)
            _memory(card, kernel, _forward_arguments(torch.float32), {"x": 0}, {"y": 1})
            _compiles(card, kernel, _forward_arguments)
    card.show()


def _forward_arguments(dtype: torch.dtype) -> tuple:
    tables = _table(TOKENS, 4, dtype), _blank(2, 4, dtype=dtype), _vector(WEIGHT, dtype), _vector(BIAS, dtype)
    return *tables, _blank(2), _blank(2), 4, 4, 4, 1e-5


def _forward_padding(card: Card, kernel) -> None:
    rows = [[8.0, 11.0, 14.0], [1.0, 1.0, 4.0]]
    y, mean, rstd, outside = _forward(kernel, rows, [1.0] * 3, [0.0] * 3, 1e-5, 3, 4, 5, 5)
    half = 0.7071
    expected = _tensor([[-1.2247, 0.0, 1.2247], [-half, -half, 2 * half]])
    signs = [
        (
            _tensor([[-0.4407, 0.0, 0.4407], [-0.5477, -0.5477, 1.0954]]),
            "The fourth lane was counted: it holds 0, and (0 − mean)² went into the variance.",
            PADDING,
        ),
        (
            _tensor([[-0.0784, 0.8622, 1.8029], [-0.3849, -0.3849, 1.9245]]),
            "The sums were divided by BLOCK. Divide by n.",
            PADDING,
        ),
        (
            _tensor([[-0.0479, 0.5274, 1.1028], [-0.3333, -0.3333, 1.6667]]),
            "The sums were divided by BLOCK. Divide by n.",
            PADDING,
        ),
    ]
    hint = "Divide by n, and set the deviation of every lane past n to 0 before you square."
    if not y.problem and bool(y.value.isnan().any()):
        hint = "Behind each row stands NaN here, and it was read: `mask=columns < n, other=0.0` in every load."
    if compare(
        card,
        "rows (8, 11, 14) and (1, 1, 4) with BLOCK = 4, a stride of 5 and NaN behind them",
        y,
        expected,
        hint,
        PADDING,
        signs,
        atol=1e-3,
    ):
        hint = "Every `tl.store` of a row needs `mask=columns < n`, and rows of y begin at y + row·y_stride."
        card.check(
            not outside, "… and nothing outside of the rows is written", "0 values", f"{outside} values", hint, PADDING
        )
        _undefined(card, lambda: _forward(kernel, rows, [1.0] * 3, [0.0] * 3, 1e-5, 3, 4, 5, 5)[0], expected)


def _forward_strides(card: Card, kernel) -> bool:
    hint = "Row i of x begins at x + i * x_stride, and that of y at y + i * y_stride. Here they are longer than n."
    y, *_ = _forward(kernel, TOKENS, WEIGHT, BIAS, 1e-5, 4, 4, 9, 6)
    return compare(card, "the example with strides 9 and 6", y, _tensor(Y), hint, TRITON_FORWARD, atol=2e-3)


def _forward_rest(card: Card, kernel) -> None:
    y, *_ = _forward(kernel, TOKENS[:1], [1.0] * 4, [0.0] * 4, 11.0, 4, 4, 4, 4)
    expected = _tensor([[-7 / 6, -1 / 6, 1 / 6, 7 / 6]])
    compare(card, "ε = 11: the root is 6", y, expected, "eps is added under the root.", TRITON_FORWARD)
    y, *_ = _forward(kernel, [[98.0, 99.0, 101.0, 102.5]], [1.0] * 4, [0.0] * 4, 1e-5, 4, 4, 4, 4, torch.bfloat16)
    expected = _tensor([[-1.2174, -0.6445, 0.5013, 1.3606]])
    hint = "`tl.load(…).to(tl.float32)` for everything that is loaded; the store converts back by itself."
    compare(card, "bfloat16 features (98, 99, 101, 102.5)", y, expected, hint, PRECISION, atol=0.01)
    far = [[value + 8192 for value in row] for row in TOKENS]
    y, *_ = _forward(kernel, far, WEIGHT, BIAS, 1e-5, 4, 4, 4, 4)
    hint = "mean(x²) − mean(x)² has no digit left here. The row is in registers: subtract the mean, then square."
    compare(card, "the example shifted by 8192", y, _tensor(Y), hint, PRECISION, atol=0.01)


def _backward(
    kernel, dy, x, weight, mean, rstd, n, block, programs, strides, dtype=torch.float32
) -> tuple[Answer, Answer, Answer, int]:
    """Return (dx, the sums of the partial sums for weight and bias, how many values outside were written)."""
    rows = len(x)
    dx = _blank(rows + 1 + 64 // strides[2], strides[2], dtype=dtype)
    sums = [_blank(programs + 1 + 64 // n, n) for _ in range(2)]
    ran = _launch(
        kernel,
        programs,
        _table(dy, strides[0], dtype),
        _table(x, strides[1], dtype),
        _vector(weight, dtype),
        _vector(mean),
        _vector(rstd),
        dx,
        *sums,
        *strides,
        rows,
        n,
        block=block,
    )
    if ran.problem:
        return ran, ran, ran, 0
    outside = int((dx != _UNTOUCHED).sum() - (dx[:rows, :n] != _UNTOUCHED).sum()) + sum(
        int((s[programs:] != _UNTOUCHED).sum()) for s in sums
    )
    return Answer(dx[:rows, :n].double()), *(Answer(s[:programs].double().sum(0)) for s in sums), outside


def backward_kernel(kernel: object) -> None:
    card = Card("layernorm_backward_kernel", CHAPTER)
    if _runs(card, kernel, "layernorm_backward_kernel"):
        dx, dweight, dbias, _ = _backward(kernel, DY, TOKENS, WEIGHT, [4.0, 2.0], [0.2, 0.5], 4, 4, 2, (4, 4, 4))
        of_x, of_weight, of_bias = _slope_signs(TRITON_BACKWARD)
        hint = "g = dy·weight; dx = (g − mean(g) − x̂·mean(g·x̂))·rstd, with x̂ = (x − mean)·rstd."
        if compare(card, "the worked example, 2 programs: dx", dx, _tensor(DX), hint, TRITON_BACKWARD, of_x):
            hint = "Row p of dweight and dbias, at + p·n, belongs to program p: Σ dy·x̂ and Σ dy over its rows."
            good = compare(
                card, "… weight's partial sums, added up", dweight, _tensor(DWEIGHT), hint, TRITON_BACKWARD, of_weight, atol=1e-3
            )
            if good & compare(
                card, "… bias's partial sums, added up", dbias, _tensor(DBIAS), hint, TRITON_BACKWARD, of_bias, atol=1e-3
            ):
                _other_programs(card, kernel)
                _memory(card, kernel, _backward_arguments(torch.float32), {"dy": 0, "x": 1}, {"dx": 5})
                _shared(card, kernel)
                if _backward_strides(card, kernel):
                    _backward_padding(card, kernel)
                _backward_half(card, kernel)
                _compiles(card, kernel, _backward_arguments)
    card.show()


def _backward_arguments(dtype: torch.dtype, times: int = 1) -> tuple:
    """Return what the kernel is launched with for the example, or for its rows several times over."""
    tables = _table(DY * times, 4, dtype), _table(TOKENS * times, 4, dtype), _vector(WEIGHT, dtype)
    statistics, rows = (_vector([4.0, 2.0] * times), _vector([0.2, 0.5] * times)), 2 * times
    return *tables, *statistics, _blank(rows, 4, dtype=dtype), _blank(2, 4), _blank(2, 4), 4, 4, 4, rows, 4


def _shared(card: Card, kernel) -> None:
    """Check that one of two programs does not do all of eight rows."""
    if DEVICE != "cpu":
        return
    arguments = _backward_arguments(torch.float32, 4)
    with kernel_accesses.noted() as accesses:
        _launch(kernel, 2, *arguments, block=4)
    busy = kernel_accesses.who_stores(accesses, arguments[5])
    found = f"all of them by program {', '.join(map(str, busy))}"
    hint = "`for row in range(program, m, tl.num_programs(0))`: a program takes every so-many-th row, beginning with its own."
    card.check(len(busy) == 2, "two programs share eight rows", "some by each", found, hint, TRITON_BACKWARD)


def _other_programs(card: Card, kernel) -> None:
    for programs in (1, 3):
        dx, dweight, dbias, _ = _backward(kernel, DY, TOKENS, WEIGHT, [4.0, 2.0], [0.2, 0.5], 4, 4, programs, (4, 4, 4))
        text = "one program for both rows" if programs == 1 else "three programs for two rows"
        hint = (
            "`for row in range(program, m, tl.num_programs(0))`: a program takes every so-many-th row, "
            "and adds up what they give."
        )
        if programs == 3:
            hint = "A program without a row of its own stores zeros."
        if not compare(card, f"{text}: dx", dx, _tensor(DX), hint, TRITON_BACKWARD, atol=1e-3):
            return
        signs = [
            (
                _tensor([-1.0, 0.0, 2.0, 0.0]),
                "Only the second row is in the sums: `+=`, and one store after the loop.",
                TRITON_BACKWARD,
            ),
            (_tensor([0.0, -0.4, -0.4, 2.8]), "Only the first row is in the sums.", TRITON_BACKWARD),
        ]
        compare(
            card,
            "… weight's partial sums, added up",
            dweight,
            _tensor(DWEIGHT),
            hint,
            TRITON_BACKWARD,
            signs,
            atol=1e-3,
        )
        compare(card, "… bias's partial sums, added up", dbias, _tensor(DBIAS), hint, TRITON_BACKWARD, atol=1e-3)


def _backward_strides(card: Card, kernel) -> bool:
    hint = "dy, x and dx have each a stride of its own, dy_stride, x_stride and dx_stride. Here they are longer than n."
    dx, *_ = _backward(kernel, DY, TOKENS, WEIGHT, [4.0, 2.0], [0.2, 0.5], 4, 4, 2, (9, 6, 5))
    return compare(card, "the example with strides 9, 6 and 5: dx", dx, _tensor(DX), hint, TRITON_BACKWARD, atol=1e-3)


def _backward_padding(card: Card, kernel) -> None:
    # x̂ = (−1, −1, 2)/√2, and g = dy = (3, 0, 0): mean(g) = 1, mean(g ⊙ x̂) = −1/√2.
    def run() -> tuple:
        return _backward(kernel, [[3.0, 0.0, 0.0]], [[1.0, 1.0, 4.0]], [1.0] * 3, [2.0], [0.5**0.5], 3, 4, 1, (5, 6, 7))

    dx, _, _, outside = run()
    expected = _tensor([[1.0607, -1.0607, 0.0]])
    hint = "Divide by n, not by BLOCK, and mask every load."
    if not dx.problem and bool(dx.value.isnan().any()):
        hint = "Behind each row stands NaN here, and it was read: `mask=columns < n, other=0.0` in every load."
    if compare(
        card,
        "the row (1, 1, 4) with BLOCK = 4 and strides 5, 6 and 7, NaN behind it",
        dx,
        expected,
        hint,
        PADDING,
        atol=1e-3,
    ):
        hint = "Every `tl.store` of a row needs `mask=columns < n`, those of the partial sums too."
        card.check(
            not outside, "… and nothing outside of the rows is written", "0 values", f"{outside} values", hint, PADDING
        )
        _undefined(card, lambda: run()[0], expected)


def _backward_half(card: Card, kernel) -> None:
    far = [[64 * value for value in row] for row in TOKENS]
    dx, *_ = _backward(
        kernel, DY, far, WEIGHT, [256.0, 128.0], [0.2 / 64, 0.5 / 64], 4, 4, 2, (4, 4, 4), torch.bfloat16
    )
    hint = "`tl.load(…).to(tl.float32)` for dy, x and weight; the store converts back by itself."
    scaled = Answer(64 * dx.value) if not dx.problem else dx
    compare(
        card, "bfloat16, 64 times the example's x: a 64th of its dx", scaled, _tensor(DX), hint, PRECISION, atol=0.01
    )


# predictions and quiz -------------------------------------------------------------------------


class _OpenContext:
    """A ctx that keeps nothing, for a forward that autograd is to record."""

    def save_for_backward(self, *tensors) -> None:
        pass

    def mark_dirty(self, *tensors) -> None:
        pass


def reveal_bytes(prediction: float | None, function: type) -> None:
    """Show what autograd keeps of the student's forward, as a Function and as plain operations."""
    card = Card("Prediction: what is kept", CHAPTER)
    if predicted(card, prediction, "prediction_bytes"):
        x, weight, bias = (
            t.to(DEVICE, torch.float32).requires_grad_()
            for t in (drawn(128, 768), drawn(768, seed=1), drawn(768, seed=2))
        )
        recorded, plain = _listed(lambda: function.forward(_OpenContext(), x, weight, bias, 1e-5))
        own, kept = _listed(lambda: function.apply(x, weight, bias, 1e-5))
        if recorded.problem or own.problem:
            card.note(f"Your LayerNormFunction does not get through: {recorded.problem or own.problem}. Mend it first.")
        else:
            beside = [sum(t.nbytes for t in _beside(saved, (x, weight, bias))) for saved in (plain, kept)]
            times = [size / x.nbytes for size in beside]
            card.note(f"x of shape (128, 768) in float32: {x.nbytes:,} bytes.")
            card.note(
                f"Your forward's operations, recorded one by one: {beside[0]:,} bytes besides the "
                f"inputs, {times[0]:.3g} times x."
            )
            card.note(f"The same as a Function: {beside[1]:,} bytes, {times[1]:.3g} times x.")
            card.note(
                "Autograd keeps for each operation what its own gradient needs: x − mean, x̂, their "
                "products. You know that all of it "
                "can be made again from x, mean and rstd."
            )
    card.show()


def reveal_padding(prediction: float | None) -> None:
    """Show what the surplus lanes do to a variance."""
    card = Card("Prediction: three features in a block of four", CHAPTER)
    if predicted(card, prediction, "prediction_padding"):
        for words, row, block in (
            ("(8, 11, 14)", torch.tensor([8.0, 11.0, 14.0]), 4),
            ("768 features around 2", 2 + drawn(768).float(), 1024),
        ):
            lanes = torch.zeros(block)
            lanes[: len(row)] = row
            mean = lanes.sum() / len(row)
            apart = (lanes - mean) ** 2
            true, found = apart[: len(row)].sum() / len(row), apart.sum() / len(row)
            card.note(
                f"{words} in {block} lanes: the mean is {mean:.4g}, the variance {true:.4g}; with the "
                f"surplus lanes {found:.4g}."
            )
        card.note(
            "The zeros do no harm to the sum. As deviations they are 0 − mean, far from 0. The "
            "larger the mean, the worse; with a mean of "
            "0 nothing shows, so test with rows that have one."
        )
    card.show()


def quiz(answers: object) -> None:
    letters(answers, CHAPTER, 5)
