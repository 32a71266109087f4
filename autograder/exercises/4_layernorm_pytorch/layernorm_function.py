"""``LayerNormFunction``: cases, checks and misconceptions."""

from dataclasses import replace

import numpy as np

from autograder import reading
from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import in_section
from autograder.exercises.norm_names import NORMS
from autograder.exercises.norm_parts import centred_by, divided_by_gamma, mean, tokens
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student
from autograder.student_side import wire
from autograder.tensors import tensor

from .backward_parts import GRADIENTS, COMMON_DX
from .forward_parts import AFFINE, COMMON_STATISTICS, FIXED, FORMULAS, FORWARD_PARTS, STATISTICS
from .parts import EPS, ROUGH, listed, unmet
from .tensor_parts import (
    BACKWARD_PARTS,
    BLANK,
    DX,
    OUTPUTS,
    PARAMETERS,
    SECOND,
    SIGNS,
    TORCH,
    Run,
    Y,
    case,
    dtypes,
    halves,
    layernorm,
    layouts,
    leading_axes,
    offsets,
    only_judged,
    shown,
    single_output,
    untouched,
)

POWERS_OF_TWO = (2, 64)
SIZES = (3, 5, 7, 768, 1000)

OTHER_EPS = 1.0  # of a call between the forward and a backward that is differentiated
ROW_BYTES, FEW_BYTES = 16, 64  # two numbers a row, in float64 at most; and a few besides, such as ε


# misconceptions ---------------------------------------------------------------------------------

FUNCTION = (
    TORCH
    | FORMULAS
    | GRADIENTS
    | in_section(
        "autograd-function",
        {
            "library-call": "The exercise is to write both passes yourself: PyTorch's own norms earn nothing, and neither does "
            "its automatic gradient (`torch.autograd.grad`, `vjp`, `.grad`) inside of the backward.",
            "returns-none": "A gradient is None where one is wanted. `backward` returns one gradient for each argument of "
            "`forward`, and None only for eps.",
            "divided-by-batch": "There is a division by the number of tokens. The gradients of weight and bias are sums over "
            "the tokens; a mean, if the loss has one, is in dy already.",
            "dx-wrong-axis": "A mean in dx runs over the tokens. The statistics belong to one token, so its gradient mixes "
            "only its own features: `dim=-1`.",
            "outputs-swapped": "What `backward` returns first does not fit x. The gradients stand in the order of the "
            "forward's arguments: those of x, weight and bias, each of the shape of its argument, and None for eps.",
            "dgamma-wrong-axis": "The gradient of weight or bias is summed over the wrong axes: weight serves every token, so "
            "it is summed over every axis but the last, and has shape (d,). (For a single token that is no axis at all, and "
            "PyTorch's `sum(())` adds up everything.)",
            "wrong-number-of-gradients": "`backward` returns one value for each argument of `forward`, separated by commas and "
            "in no list: the gradients of x, weight and bias, and None for eps.",
            "gradient-for-eps": "eps is a number, so it gets no gradient: `backward` returns None for it. The values stand in "
            "the order of the forward's arguments, so this None comes last.",
            "wrong-signature": "PyTorch calls `forward(ctx, x, weight, bias, eps)` and `backward(ctx, dy)`: both begin with "
            "ctx, and the backward gets one gradient for each output.",
            "returns-more": "`forward` returns y and nothing else. What the backward needs goes through "
            "`ctx.save_for_backward`.",
            "needs-input-grad": "Any of the inputs may want a gradient, or only some of them. `ctx.needs_input_grad` says "
            "which, with one entry for each argument of `forward`, eps too; where it is False, return None, and still one "
            "value for each argument.",
            "autograd-graph": "No backward of yours gives this gradient: it comes from PyTorch's record of the single "
            "operations, which keeps every one of their results. Derive the class from `torch.autograd.Function`.",
            "nan-on-constant": "A token whose features are all equal has x̂ = 0, and so has every token at d = 1. Divide by "
            "the root of variance + ε alone, never by the spread or by d − 1.",
        },
    )
    | in_section(
        "what-to-save",
        {
            "saved-tensors-misused": "`ctx.save_for_backward(a, b)` is called once, with tensors alone and in no list; `a, b = "
            "ctx.saved_tensors`, without parentheses behind it, gives them back in the same order. A number such as eps "
            "becomes an attribute: `ctx.eps = eps`.",
            "not-kept": "The backward reads an attribute of `ctx` that the forward did not set. A number such as eps is kept "
            "with `ctx.eps = eps`.",
            "saved-xhat": "Besides what came in, more is kept than two numbers a row: x̂, the deviations, or a wider copy of x "
            "or of weight. x is there already, so nothing has to be written for it; with mean and rstd x̂ is one subtraction "
            "and one product away.",
            "tensors-on-context": "Tensors stand as attributes on `ctx`. PyTorch does not see them there: they can leak "
            "memory, escape the check for changes in place, and lose their history. Hand them to `ctx.save_for_backward`.",
            "cache-mutated": "The first backward is right, a second one over the same graph is not: the first wrote into a "
            "saved tensor or into dy. Look for `*=`, `-=`, `mul_`, `pop`.",
            "divided-by-gamma": "Something was divided by weight, to win back x̂ from y or dy from g. A weight may be 0, and "
            "0/0 is NaN: x, mean and rstd give x̂ without it.",
            "global-state": "With another call between forward and backward, the backward uses the other call's values: they "
            "are kept outside of `ctx`.",
        },
    )
    | in_section(
        "gradcheck-double-backward",
        {
            "not-differentiable-twice": "The backward can't be differentiated: `once_differentiable`, `detach`, `.data`, NumPy "
            "or `no_grad` cut its graph. Second derivatives then fail or come out as zero.",
            "statistics-without-history": "First derivatives are right and second ones are not: a saved mean, rstd or x̂ is a "
            "number without a history, and the backward is differentiated as if it did not depend on x. When "
            "`torch.is_grad_enabled()` in the backward, compute them again, from x as it came in, without `detach` or `.data`.",
            "float64-narrowed": "float64 input was computed in float32, which leaves 7 digits: `gradcheck` can't pass. Convert "
            "what is narrower than float32 and leave float64 as it is: `torch.promote_types(x.dtype, torch.float32)`.",
        },
    )
)


# cases ------------------------------------------------------------------------------------------


# In a check with a telltale the controls have two axes and a width that is no power of two, so that "two axes only"
# and "powers of two only" fail them, and are not taken for what it says.


def plain(judged: tuple, *shapes: tuple):
    def cases(rng):
        return [shown(judged=judged)] + [case(rng, shape, judged=judged) for shape in shapes]

    return cases


def sizes(rng):
    others = [case(rng, (4, d)) for d in SIZES] + [case(rng, (1, 11)), case(rng, (2, 20_001)), case(rng, (301, 3))]
    return [case(rng, (3, d), control=True) for d in POWERS_OF_TWO] + others


def epsilons(rng):
    words = "the first token of the worked example (weight = (2, 1, 0.5, 1.5), bias = (1, 0, -1, 2)) with ε = 11"
    return [
        shown(1, 11.0, words),
        case(rng, (4, 5), " with ε = 0.1", spread=0.4, eps=0.1),
        case(rng, (3, 6), " with ε = 0.1", spread=1.0, eps=0.1),
        case(rng, (3, 7), " with a spread of 0.001", eps=4 * EPS, spread=1e-3, atol=0.03),
    ]


def exact_ones(rng):
    exact = {"atol": 1e-10, "rtol": 1e-10}
    controls = [case(rng, (4, 7), control=True, name="float32", eps=0.1, spread=1.0)]
    return controls + [case(rng, shape, " in float64, to 10 digits", eps=0.1, **exact) for shape in ((3, 5), (4, 7))]


def second_ones(rng):
    more = {"second": True, "judged": SECOND, "atol": 1e-6, "rtol": 1e-6}
    first = [case(rng, (3, 5), control=True, spread=1.0, eps=0.1)]
    out = first + [case(rng, s, ", second derivatives", spread=1.0, eps=0.1, **more) for s in ((3, 5), (4, 3), (2, 4))]
    other = case(rng, (3, 4), eps=OTHER_EPS).args[:4]
    kind = ", second derivatives with another call before the backward"
    return [*out, case(rng, (3, 4), kind, spread=1.0, eps=0.1, between=other, **more)]


def halves_and_many_rows(rng):
    """… and so many rows of one sign that a sum in bfloat16 would stop at 256."""
    rows = 1200
    x = np.array([-4.0, 1.0, 5.0]) + 0.25 * rng.normal(size=(rows, 3))
    many = case(rng, (rows, 3), " in bfloat16", x=x, name="bfloat16", judged=PARAMETERS, **ROUGH)
    dy = 1 + 0.25 * rng.normal(size=(rows, 3))
    return [*halves(rng), replace(many, args=(*many.args[:4], tensor(dy, "bfloat16", False)))]


def without_some_weights(drawn: Run) -> Run:
    """The case with every other weight 0."""
    x, weight, *others = drawn.args
    kept = tensor(weight.raw * (np.arange(weight.raw.size) % 2), "float64")
    return replace(drawn, args=(x, kept, *others), words=f"{drawn.words} and weight = 0 in places")


def corners(rng):
    flat = tokens(rng, (5, 7))
    # Levels whose squares add up without rounding: one pass is right here, and judged elsewhere.
    flat[1], flat[3] = rng.choice([-3.5, -2.0, 1.5, 4.0], size=(2, 1))
    return [
        case(rng, (4, 7), control=True),
        case(rng, (5, 7), " in which two tokens are constant", x=flat, atol=0.03),
        case(rng, (6, 1), atol=1e-3),
        case(rng, (3, 5), " with a spread of 0.001", spread=1e-3, atol=0.03, control=True),
        without_some_weights(case(rng, (4, 6))),
    ]


def kept(watches: str):
    def cases(rng):
        return [
            case(rng, (4, 7), control=True),
            case(rng, (16, 48), " in float32", name="float32", watches=watches),
            case(rng, (15, 64), " in float64", watches=watches),
            case(rng, (16, 56), " in bfloat16", name="bfloat16", watches=watches, **ROUGH),
        ]

    return cases


def subsets(rng):
    out = [case(rng, (4, 7), control=True)]
    names = ("x", "weight", "bias")
    for wanted in (
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (True, False, True),
        (False, True, True),
    ):
        which = " and ".join(name for name, want in zip(names, wanted) if want)
        judged = (0, *(i + 1 for i, want in enumerate(wanted) if want))
        out.append(case(rng, (3, 5), f" when only {which} wants a gradient", wanted=wanted, judged=judged))
    out.append(case(rng, (3, 5), " when nothing wants a gradient", wanted=(False,) * 3, judged=Y))
    return out + [case(rng, (3, 5), " under no_grad", mode="no_grad", judged=Y)]


def twice(rng):
    kind = ", a second backward over the same graph"
    return [case(rng, (3, 11), control=True)] + [case(rng, shape, kind, again=True) for shape in ((3, 11), (5, 6))]


def interleaved(rng):
    out = [case(rng, (4, 13), control=True)]
    for shape, eps in (((4, 13), EPS), ((3, 14), 0.1)):
        other = case(rng, shape, eps=eps).args[:4]
        out.append(case(rng, (4, 13), " with another call before its backward", spread=0.5, between=other))
    return out


# runs -------------------------------------------------------------------------------------------


def invoke_function(student: Student, item: Run) -> Reply:
    x, weight, bias, eps, dy, *vectors = item.args
    inputs = (x, weight, bias)
    asked: dict = {"measure": True}
    differentiated = item.mode == "grad" and any(t.requires_grad for t in inputs)
    if differentiated:
        asked["upstream"] = [dy]
        if vectors:
            asked["second"] = vectors
        if item.again:
            asked["again"] = True
        if item.between:
            asked["between"] = list(item.between)
    reply = reading.with_sign(student.torch("LayerNormFunction.apply", [*inputs, eps], mode=item.mode, **asked), SIGNS)
    if reply.problem:
        # A gradient too few because of what nobody wants is another mistake than one too few in any case.
        all_wanted = all(t.requires_grad for t in inputs)
        return reply if all_wanted or reply.sign != "wrong-number-of-gradients" else replace(reply, sign=None)
    y = single_output(reply)
    if isinstance(y, tuple):
        what = "a tuple of one" if len(y) == 1 else f"{len(y)} values"
        return unmet(f"`forward` returned {what}; expected y alone", "returns-more")
    nodes = listed(reply.value, "nodes")
    if differentiated and not any(map(is_own, nodes)):
        return unmet("the graph holds no backward of yours", "autograd-graph")
    if differentiated and not all(is_own(kind) or kind == "AccumulateGrad" for kind in nodes):
        # A Function that does nothing would be enough, and PyTorch would find the gradient of the rest.
        return unmet("the graph holds single operations beside a backward of yours", "autograd-graph")
    if not differentiated and isinstance(y, wire.Tensor) and y.requires_grad:
        return unmet("y requires a gradient where nobody wants one", "needs-input-grad")
    kept = kept_too_much(item, reply.value)
    if kept:
        return kept
    gradients = iter(listed(reply.value, "again" if item.again else "gradients"))
    found = [next(gradients, None) if differentiated and t.requires_grad else BLANK for t in inputs]
    values = [y, *found]
    if vectors:
        by_x, by_weight, _, by_dy = (listed(reply.value, "second") + [None] * 4)[:4]
        # No path at all is a derivative of zero.
        values += [
            tensor(np.zeros(t.raw.shape), "float64") if v is None else v
            for v, t in ((by_x, x), (by_weight, weight), (by_dy, dy))
        ]
    sign = "input-mutated" if {0, 1, 2} & set(reply.changed) else None
    return Reply(only_judged(item, values), changed=reply.changed, warnings=reply.warnings, sign=sign)


def is_own(kind: object) -> bool:
    """Whether a node of the graph is a Function; the names of PyTorch's own end in a digit."""
    return isinstance(kind, str) and kind != "AccumulateGrad" and not kind[-1:].isdigit()


def kept_too_much(item: Run, value: dict) -> Reply | None:
    if item.watches == "context" and listed(value, "on_context"):
        return unmet("tensors stand as attributes on `ctx`", "tensors-on-context")
    if item.watches != "saved":
        return None
    rows = [row for row in listed(value, "saved") if isinstance(row, list) and len(row) == 4 and type(row[3]) is int]
    came_in = [row[0] for row in listed(value, "arguments") if isinstance(row, list) and row]
    # What shares its memory with an input, or is saved a second time, costs nothing.
    extra = sum({str(row[0]): row[3] for row in rows if row[0] not in came_in}.values())
    tokens_of = int(np.prod(item.args[0].raw.shape[:-1]))
    if extra <= ROW_BYTES * tokens_of + FEW_BYTES:
        return None
    return unmet(f"more is kept for the backward than x, weight, bias and {ROW_BYTES} bytes a row", "saved-xhat")


# what goes wrong --------------------------------------------------------------------------------


def still(x, eps, was):
    """x̂ and σ that don't move with x at all."""
    return centred_by(was, eps)


def still_statistics(x, eps, was):
    """x̂ from a mean and a σ that are numbers."""
    s = centred_by(was, eps)[1]
    return (x - mean(was)) / s, s


def still_spread(x, eps, was):
    s = centred_by(was, eps)[1]
    return (x - mean(x)) / s, s


def still_mean(x, eps, was):
    s = centred_by(x, eps)[1]
    return (x - mean(was)) / s, s


SECOND_PARTS = [
    ("statistics-without-history", {"frozen": still_statistics}),
    ("statistics-without-history", {"frozen": still_spread}),
    ("statistics-without-history", {"frozen": still_mean}),
    ("statistics-without-history", {"frozen": still}),
    ("eps-missing", {"frozen": lambda x, eps, was: centred_by(x, 0.0)}),
    *(("eps-fixed", {"frozen": lambda x, eps, was, v=v: centred_by(x, v)}) for v in FIXED),
]


# Wrong statistics whose backward works with the right ones.
FORWARD_ALONE = [(name, steps | {"backward": centred_by}) for name, steps in STATISTICS]


def arguments_exchanged(x, weight, bias, eps, dy) -> tuple:
    """LayerNorm whose second argument is bias and whose third is weight."""
    y, dx, second, third = layernorm()(x, bias, weight, eps, dy)
    return y, dx, second, third


DIFFERENTIATORS = frozenset(
    {"grad", "vjp", "jvp", "jacobian", "jacrev", "jacfwd", "grad_and_value", "linearize", "run_backward", "make_dual"}
)

SECOND_OUTPUTS = tuple(Output(f"the second derivative by {name}", "tensor") for name in ("x", "weight", "dy"))

LAYERNORM_FUNCTION = Exercise(
    name="LayerNormFunction",
    functions=("LayerNormFunction",),
    outputs=OUTPUTS + SECOND_OUTPUTS,
    invoke=invoke_function,
    reference=layernorm(),
    section="autograd-function",
    checks=(
        Check("values", "The output", 2, "autograd-function", plain(Y, (4, 7), (5, 5), (6, 3))),
        Check("dx", "The gradient of x", 3, "autograd-function", plain(DX, (4, 7), (5, 5), (6, 3))),
        Check(
            "parameters",
            "The gradients of weight and bias",
            2,
            "autograd-function",
            plain(PARAMETERS, (3, 7), (6, 6), (7, 3)),
        ),
        Check("axes", "Any number of axes before the last, and none", 1, "autograd-function", leading_axes, "only-2d"),
        Check("sizes", "Any number of features and rows", 1, "padding-trap", sizes, "power-of-two-only"),
        Check("epsilon", "ε is the argument, forward and backward", 2, "autograd-function", epsilons),
        Check(
            "exact", "float64 is computed in float64", 1, "gradcheck-double-backward", exact_ones, "float64-narrowed"
        ),
        Check("second", "Second derivatives", 2, "gradcheck-double-backward", second_ones, "not-differentiable-twice"),
        Check(
            "half",
            "float16 and bfloat16 with statistics in float32",
            2,
            "low-precision",
            halves_and_many_rows,
            "half-precision-statistics",
        ),
        Check("dtype", "y has x's dtype", 1, "low-precision", dtypes),
        Check("offset", "float32 tokens at a large offset", 1, "low-precision", offsets, "one-pass-variance"),
        Check(
            "corners",
            "One feature, constant tokens and quiet ones, and a weight of 0",
            1,
            "autograd-function",
            corners,
            "nan-on-constant",
        ),
        Check("saved", "No more is saved than x, weight, bias and two numbers a row", 2, "what-to-save", kept("saved")),
        Check("context", "Tensors are kept by save_for_backward only", 1, "what-to-save", kept("context")),
        Check(
            "subsets",
            "Any of the inputs may want a gradient, or none",
            1,
            "autograd-function",
            subsets,
            "needs-input-grad",
        ),
        Check(
            "layout", "Tensors that are not contiguous in memory", 1, "autograd-function", layouts, "contiguous-only"
        ),
        Check("twice", "A second backward over the same graph", 1, "what-to-save", twice, "cache-mutated"),
        Check(
            "interleaved", "Another call between forward and backward", 1, "what-to-save", interleaved, "global-state"
        ),
        Check("untouched", "The arguments are left as they were", 1, "autograd-function", untouched),
    ),
    suspects=alone(layernorm, FORWARD_ALONE + AFFINE + FORWARD_PARTS + BACKWARD_PARTS + SECOND_PARTS, throughout=True)
    + (
        Suspect("gamma-beta-swapped", arguments_exchanged, throughout=True),
        *(Suspect("divided-by-gamma", divided_by_gamma(layernorm(), dx_too, 1), throughout=True) for dx_too in (True, False)),
        Suspect("global-state", layernorm(frozen=lambda x, eps, was: centred_by(x, OTHER_EPS))),
    )
    # Two mistakes in dx first: where y doesn't count, some of them look like one of the forward's.
    + together(layernorm, COMMON_DX)
    + together(layernorm, COMMON_STATISTICS + AFFINE + COMMON_DX),
    misconceptions=FUNCTION,
    forbidden_names=NORMS | DIFFERENTIATORS,
)
