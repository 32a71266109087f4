"""The visible checks of ``LayerNormFunction``."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from card import Answer, Card, attempt, describe
from common_checks import (
    CHAPTER,
    DBIAS,
    DEVICE,
    DWEIGHT,
    DX,
    LIBRARIES,
    PRECISION,
    Y,
    example,
    forward_signs,
    own_work,
    reason,
    slope_signs,
    tensor,
)
from tensors import compare, drawn, figures, present

FUNCTION = "autograd-function: How does a gradient of your own get into PyTorch?"
SAVE = "what-to-save: What should be saved, and what made again?"
BYTES = "bytes-saved: How many bytes does each version keep?"
TWICE = "gradcheck-double-backward: How do you check it, and what is a second derivative for?"
GRADIENTS = {"grad", "vjp", "jacobian"}


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
        own_work(card, function, LIBRARIES | GRADIENTS, FUNCTION)
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
    x, weight, bias, _ = example()
    answer = attempt(function.apply, x, weight, bias, 1e-5)
    answer.hint = reason(answer.problem) or answer.hint
    hint = "x̂ = (x − mean)·rstd over the last axis, rstd = 1/√(variance + ε); y = weight·x̂ + bias."
    return compare(card, "the worked example: y", answer, tensor(Y), hint, FUNCTION, forward_signs(FUNCTION), atol=2e-3)


def _backward_example(card: Card, function: type) -> bool:
    x, weight, bias, dy = example()
    step = _step(function, x, weight, bias, dy)
    problem = step.gradients.problem
    if problem:
        hint = reason(problem) or step.gradients.hint
        return card.check(False, "the worked example: the backward runs", "three gradients", problem, hint, FUNCTION)
    of_x, of_weight, of_bias = slope_signs(FUNCTION)
    hint = (
        "With g = dy ⊙ weight: subtract its mean and its component along x̂, then multiply by rstd. "
        "Chapter 3 derives it."
    )
    nothing = Answer(problem="None", hint="`backward` returns dx, dweight and dbias, and None for eps.")
    dx, dweight, dbias = (nothing if g is None else Answer(g) for g in step.gradients.value)
    good = compare(card, "… the gradient of x", dx, tensor(DX), hint, FUNCTION, of_x, atol=1e-3)
    good &= compare(
        card,
        "… the gradient of weight",
        dweight,
        tensor(DWEIGHT),
        "Σ dy ⊙ x̂ over every token.",
        FUNCTION,
        of_weight,
        atol=1e-3,
    )
    return good & compare(
        card, "… the gradient of bias", dbias, tensor(DBIAS), "Σ dy over every token.", FUNCTION, of_bias, atol=1e-3
    )


def _with_eps(card: Card, function: type) -> None:
    x, weight, bias, dy = example()
    one = _step(function, x[:1], tensor([1.0] * 4), tensor([0.0] * 4), dy[:1], eps=11.0)
    hint = (
        "eps is the fourth argument: it stands under the root, in the forward and in all that the backward divides by."
    )
    expected = tensor([[-7 / 6, -1 / 6, 1 / 6, 7 / 6]])
    if compare(card, "with ε = 11 the root is 6, and y = x̂ = (−7, −1, 1, 7)/6", one.y, expected, hint, FUNCTION):
        slopes = Answer(one.gradients.value[0]) if one.gradients.value else one.gradients
        known = tensor([[-0.0023, 0.2616, -0.4282, 0.1690]])
        compare(card, "… and x's gradient for dy = (0, 2, −2, 2)", slopes, known, hint, FUNCTION, atol=1e-3)


def _constant(card: Card, function: type) -> None:
    _, weight, bias, dy = example()
    step = _step(function, tensor([[7.0] * 4]), weight, bias, dy[:1])
    hint = "There x̂ is 0, and so is the spread. Divide by nothing but the root that contains ε."
    if compare(card, "a constant token gives bias", step.y, bias[None], hint, FUNCTION):
        found = step.gradients.problem or figures(step.gradients.value[0])
        good = not step.gradients.problem and bool(torch.isfinite(step.gradients.value[0]).all())
        card.check(good, "… and x's gradient is finite", "finite numbers", found, reason(found) or hint, FUNCTION)


def _weight_of_zero(card: Card, function: type) -> None:
    x, _, bias, dy = example()
    step = _step(function, x, tensor([2.0, 0.0, 0.5, 1.5]), bias, dy)
    found = step.gradients.problem or figures(step.gradients.value[1])
    good = not step.gradients.problem and all(bool(torch.isfinite(g).all()) for g in step.gradients.value)
    hint = "y says nothing of x̂ where weight is 0, so x̂ can't be won back by dividing by weight. x, mean and rstd give it."
    card.check(good, "with a weight of 0 the gradients are finite", "finite numbers", found, reason(found) or hint, FUNCTION)


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
            reason(flat.gradients.problem),
            FUNCTION,
        )
        return
    hint = "The features are the last axis, `dim=-1`; the tokens are all axes before it, or none."
    for shape in ((2, 6, 7), (1, 3, 1, 4, 7)):
        other = _step(function, twelve.reshape(shape), weight, bias, dy.reshape(shape))
        text = f"twelve tokens in shape {shape} are those of (12, 7)"
        problem = other.y.problem or other.gradients.problem
        if problem:
            card.check(False, text, "y and gradients", problem, reason(problem) or hint, FUNCTION)
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
    hint = reason(first.problem) or (
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
        hint = reason(second.problem) or (
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
    card.check(good, text, "the same numbers", problem or "others", reason(problem) or hint, TWICE)


def _first_line(problem: str) -> str:
    return problem.partition("\n")[0].rstrip(",")


def listed(call: Callable) -> tuple[Answer, list[torch.Tensor]]:
    """Run a call; return its answer, and what autograd saved for the backward."""
    saved: list[torch.Tensor] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        return attempt(call), saved


def besides(saved: list[torch.Tensor], came_in: tuple) -> list[torch.Tensor]:
    """Of what was saved, leave out what shares its memory with the inputs, and what was saved before."""
    places = {t.untyped_storage().data_ptr() for t in came_in}
    kept = {t.untyped_storage().data_ptr(): t for t in saved}
    return [t for place, t in kept.items() if place not in places]


def _kept(card: Card, function: type) -> None:
    x, weight, bias = (
        t.to(DEVICE, torch.bfloat16).requires_grad_() for t in (drawn(32, 64), drawn(64, seed=1), drawn(64, seed=2))
    )
    y, saved = listed(lambda: function.apply(x, weight, bias, 1e-5))
    if y.problem:
        card.check(False, "bfloat16 rows go through", "y", y.problem, y.hint, PRECISION)
        return
    extra = besides(saved, (x, weight, bias))
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
    x, weight, bias, dy = example()
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
        if not card.check(good, text, "the same as before", found, reason(problem) or hint, FUNCTION):
            return
    with torch.no_grad():
        y = attempt(function.apply, *(t.requires_grad_() for t in (x, weight, bias)), 1e-5)
    good = isinstance(y.value, torch.Tensor) and not y.value.requires_grad
    card.check(
        good, "under no_grad there is a y and no graph", "no graph", y.problem or describe(y.value), y.hint, FUNCTION
    )


def _sixteen_bits(card: Card, function: type) -> None:
    for dtype, name in ((torch.float32, "float32"), (torch.bfloat16, "bfloat16"), (torch.float16, "float16")):
        x, weight, bias, dy = example(dtype)
        y = attempt(function.apply, x, weight, bias, 1e-5)
        found = y.problem or str(getattr(y.value, "dtype", describe(y.value)))
        hint = "A wider tensor joined in: end with `.to(x.dtype)`."
        if not card.check(
            found == f"torch.{name}", f"{name} in, {name} out", f"torch.{name}", found, y.hint or hint, PRECISION
        ):
            return
    ones, zeros = tensor([1.0] * 4, torch.bfloat16), tensor([0.0] * 4, torch.bfloat16)
    x = tensor([[98.0, 99.0, 101.0, 102.5]], torch.bfloat16)  # mean 100.125, which bfloat16 does not have
    expected = tensor([[-1.2174, -0.6445, 0.5013, 1.3606]])
    y = attempt(lambda: function.apply(x, ones, zeros, 1e-5).double())
    hint = "bfloat16 has 100 and 100.5 and nothing between. Convert x to float32 before anything is averaged."
    compare(card, "bfloat16 features (98, 99, 101, 102.5)", y, expected, hint, PRECISION, atol=0.01)
    x = 64 * example(torch.float16)[0]
    y = attempt(lambda: function.apply(x, ones.half(), zeros.half(), 1e-5).double())
    hint = "In float16 everything above 65,504 is infinite, and 448² is. Convert to float32 before you square."
    expected = tensor([[-1.4, -0.2, 0.2, 1.4], [-1.0, -1.0, 1.0, 1.0]])
    compare(card, "float16 features, 64 times the example's: the same x̂", y, expected, hint, PRECISION, atol=0.01)
    x = (example()[0] + 8192).float()
    y = attempt(lambda: function.apply(x, ones.float(), zeros.float(), 1e-5).double())
    hint = "mean(x²) − mean(x)² has no digit left at this offset. Subtract the mean first, then square."
    compare(card, "the example shifted by 8192, in float32: the same x̂", y, expected, hint, PRECISION, atol=0.01)
    many = tensor([[98.0, 99.0, 101.0, 102.5]] * 1000, torch.bfloat16)
    owned = [t.clone().requires_grad_() for t in (ones, zeros)]
    sums = attempt(lambda: torch.autograd.grad(function.apply(many, *owned, 1e-5), owned, torch.ones_like(many)))
    hint = "In bfloat16 256 + 1 is 256. Add the rows up in float32, and convert the sum."
    if not sums.problem:
        sums = replace(sums, value=torch.cat([t.double() for t in sums.value]))
    expected = tensor([-1217.4, -644.5, 501.3, 1360.6] + [1000.0] * 4)
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
    hint = reason(problem) or "`reshape` where `view` stands, and nothing that walks through the storage."
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
    x, weight, bias, dy = example()
    inputs = [t.requires_grad_() for t in (x, weight, bias)]
    first = attempt(function.apply, *inputs, 1e-5)
    attempt(function.apply, *(2 * t.detach() + 1 for t in inputs), 0.1)  # another layer, meanwhile
    runs = [attempt(torch.autograd.grad, first.value, inputs, dy.clone(), retain_graph=True) for _ in range(2)]
    kept = dy.clone()
    runs.append(attempt(torch.autograd.grad, first.value, inputs, kept, retain_graph=True))
    expected = tensor(DX)
    for run, text in zip(
        runs, ("another call in between does not matter", "a second backward over the same graph gives the same")
    ):
        good = not run.problem and torch.allclose(run.value[0], expected, atol=1e-3)
        hint = (
            reason(run.problem)
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
    x, weight, bias, dy = example(torch.float32)
    before = [t.clone() for t in (x, weight, bias)]
    _step(function, x, weight, bias, dy)
    names = [n for n, t, was in zip(("x", "weight", "bias"), (x, weight, bias), before) if not torch.equal(t, was)]
    hint = "Something like `x -= mean` or `x.sub_(mean)` writes into the caller's tensor."
    card.check(
        not names, "the arguments are left as they were", "no change", f"changed: {', '.join(names)}", hint, FUNCTION
    )
