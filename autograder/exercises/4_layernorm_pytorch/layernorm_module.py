"""``LayerNorm``: cases, checks and misconceptions."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autograder import reading
from autograder.exercise import Check, Exercise, Suspect
from autograder.exercises.misconceptions import in_section, named
from autograder.exercises.norm_names import NORMS
from autograder.exercises.norm_parts import deviation, mean, nothing, over_tokens, variance
from autograder.exercises.second_call import once_only, run
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student
from autograder.tensors import tensor

from .forward_parts import AFFINE, COMMON_STATISTICS, FORMULAS, FORWARD_PARTS, STATISTICS
from .parts import EPS, listed, unmet
from .tensor_parts import (
    BACKWARD_PARTS,
    DX,
    OUTPUTS,
    PARAMETERS,
    SIGNS,
    TORCH,
    Run,
    Y,
    case,
    differentiated,
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

MODULE = (
    TORCH
    | FORMULAS
    | named(once_only("module-parameters"))
    | in_section(
        "module-parameters",
        {
            "library-call": "The exercise is to write this layer yourself, so PyTorch's own norms earn nothing, inherited or "
            "called.",
            "returns-none": "`forward` ends without `return`, or a parameter gets no gradient: it is not used, detached on its "
            "way, or made with `requires_grad=False`.",
            "statistics-detached": "The gradient does not flow through the mean, or not through the variance: `no_grad`, "
            "`detach`, `.data` or `.item()` makes a constant of it. Both move with x, and each adds a term to the gradient.",
            "state-has-more": "`state_dict()` holds more than `weight` and `bias`, so files of weights of another LayerNorm "
            "would not fit. eps is a plain attribute: `self.eps = eps`, no parameter and no buffer.",
            "parameter-shape": "`weight` and `bias` have one number a feature: their shape is (d,).",
            "wrong-signature": "The layer is made as `LayerNorm(d, eps=1e-5)` and called with x alone. The `apply` of a "
            "Function gets every argument of its `forward` but ctx.",
            "no-tensor": "`forward` returns something that is no tensor. A Function is not called as a class is, but by its "
            "`apply`: `LayerNormFunction.apply(x, self.weight, self.bias, self.eps)`.",
            "super-init-missing": "`super().__init__()` comes first in `__init__`: it makes the places where a module keeps "
            "its parameters.",
            "parameters-not-registered": "`weight` and `bias` must be `nn.Parameter` attributes under these names. Plain "
            "tensors, buffers and lists are not in `parameters()`: no optimiser updates them.",
            "parameters-initialised-wrong": "A new layer has weight 1 and bias 0, so that it begins as plain normalisation.",
            "eps-default": "`eps` is 1e-5 when it is not given.",
        },
    )
    | in_section(
        "low-precision",
        {
            "autocast-reaches-in": "Under autocast every matrix product (`@`, `einsum`, `matmul`, `F.linear`) runs in "
            "bfloat16, and one of them computes statistics. Use `mean` and `sum`, or switch autocast off around them.",
        },
    )
)


def invoke_module(student: Student, item: Run) -> Reply:
    x, weight, bias, eps, dy = item.args
    options = {} if eps is None else {"eps": eps}
    asked: dict = {"build": [[x.raw.shape[-1]], options], "training": item.training}
    if item.to:
        asked["to"] = item.to
    if not item.fresh:
        asked["state"] = {"weight": weight, "bias": bias}
    names = [name for name, position in (("weight", 2), ("bias", 3)) if not item.judged or position in item.judged]
    asked |= {"upstream": [dy], "parameters": names, "names": item.fresh}
    reply = reading.with_sign(run(student, item.second_call, "LayerNorm", x, mode=item.mode, **asked), SIGNS)
    if reply.problem:
        return reply
    if reading.gave_tuple(reply.value):
        return reading.SEVERAL
    places = set(map(str, listed(reply.value, "names")))
    if item.fresh and not places >= {"weight", "bias"}:
        return unmet("`state_dict()` lacks `weight` or `bias`", "parameters-not-registered")
    if item.fresh and len(places) > 2:
        return unmet("`state_dict()` has other names than `weight` and `bias`", "state-has-more")
    gradients = listed(reply.value, "gradients") + [None]
    of_parameters = reply.value.get("of_parameters")
    of_parameters = of_parameters if isinstance(of_parameters, dict) else {}
    values = [single_output(reply), gradients[0], of_parameters.get("weight"), of_parameters.get("bias")]
    return Reply(only_judged(item, values), changed=reply.changed, warnings=reply.warnings)


def module_reference(x, weight, bias, eps, dy) -> tuple:
    return layernorm()(x, weight, bias, EPS if eps is None else eps, dy)


def as_module(imitation: Callable, default: float = EPS) -> Callable:
    return lambda x, weight, bias, eps, dy: imitation(x, weight, bias, default if eps is None else eps, dy)


def as_made(rng):
    """A new layer: its parameters, and its eps when none is given."""

    def new(shape, kind, **more):
        drawn = case(rng, shape, kind, eps=None, fresh=True, **more)
        x, weight, bias, eps, dy = drawn.args
        start = tensor(np.ones(shape[-1]), "float64"), tensor(np.zeros(shape[-1]), "float64")
        return replace(drawn, args=(x, *start, eps, dy))

    return [
        case(rng, (4, 7), spread=0.4, eps=0.1, control=True, judged=Y),
        case(rng, (4, 7), control=True, judged=Y),  # with tokens of unlike spreads
        new((3, 5), " in a new layer", judged=Y),
        new((4, 6), " in a new layer", judged=(0, 1, 2, 3)),
        new((3, 7), " with a spread of 0.001 in a new layer", spread=1e-3, judged=Y),
    ]


def module_values(rng):
    shapes = ((4, 7), (5, 5), (6, 3))
    out = [shown(judged=Y)] + [case(rng, s, judged=Y, training=i == 1) for i, s in enumerate(shapes)]
    return [*out, case(rng, (4, 7), ", after another x of that shape", judged=Y, second_call=True)]


def module_gradients(rng):
    judged = DX + PARAMETERS
    return [shown(judged=judged)] + [case(rng, s, judged=judged) for s in ((3, 7), (6, 6), (7, 3))]


def module_epsilons(rng):
    return [
        case(rng, (4, 5), " with eps=0.1", spread=0.4, eps=0.1),
        case(rng, (3, 6), " with eps=0.1", spread=1.0, eps=0.1),
        case(rng, (3, 7), " with a spread of 0.001", eps=4 * EPS, spread=1e-3, atol=0.03),
    ]


def autocasts(rng):
    more = {"name": "float32", "mode": "autocast", "any_dtype": False, "judged": (0, 1), "atol": 1e-3, "rtol": 1e-3}
    return [
        case(rng, (4, 7), control=True),
        case(rng, (3, 7), " in float32 under autocast", **more),
        case(rng, (8, 24), " in float32 under autocast", **more),
    ]


# What autograd makes of a forward in which a statistic is cut off from x.
DETACHED = [{"first": nothing, "second": nothing}, {"second": nothing}, {"first": nothing}]


def module(default: float = EPS, **steps) -> Callable:
    return as_module(differentiated(**steps), default)


def by_function(**parts) -> Callable:
    """A module that leaves the computation to a Function of the student's."""
    return as_module(layernorm(**parts))


def affine_first(shifted_first: bool) -> Callable:
    """LayerNorm of x·weight, or of x·weight + bias, with the gradients that autograd finds."""

    def run(x, weight, bias, eps, dy) -> tuple:
        normed = differentiated()
        y, dz, *_ = normed(x * weight + shifted_first * bias, np.ones_like(weight), np.zeros_like(bias), eps, dy)
        return (y if shifted_first else y + bias), dz * weight, over_tokens(dz * x), over_tokens(dz if shifted_first else dy)

    return run


def weight_on_mean(x, weight, bias, eps, dy) -> tuple:
    """Without parentheses: x less what was to be divided and multiplied, the mean alone."""
    off, centre, r = deviation(x), mean(x), 1 / np.sqrt(variance(x) + eps)
    along = mean(dy * weight)
    dx = dy - r * along + centre * along * r**3 * off
    return x - centre * r * weight + bias, dx, over_tokens(-dy * centre * r), over_tokens(dy)


def exchanged(x, weight, bias, eps, dy) -> tuple:
    """Mean and variance in each other's place."""
    off, r = x - variance(x), 1 / np.sqrt(mean(x) + eps)
    g = dy * weight
    dx = g * r - 2 * deviation(x) * mean(g * r) - r**3 * mean(g * off) / 2
    return off * r * weight + bias, dx, over_tokens(dy * off * r), over_tokens(dy)


DEFAULTS = [("eps-default", {"default": value}) for value in (0.0, 1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8, 1e-12)]

LAYERNORM_MODULE = Exercise(
    name="LayerNorm",
    functions=("LayerNorm",),
    outputs=OUTPUTS,
    invoke=invoke_module,
    reference=module_reference,
    section="module-parameters",
    checks=(
        Check("values", "The output, with the weight and bias that it holds", 2, "module-parameters", module_values),
        Check("gradients", "Gradients reach x, weight and bias", 2, "module-parameters", module_gradients),
        Check(
            "as_made",
            "A new layer: weight 1, bias 0, eps 1e-5",
            2,
            "module-parameters",
            as_made,
            "parameters-initialised-wrong",
        ),
        Check("epsilon", "eps is what the layer was made with", 1, "module-parameters", module_epsilons),
        Check("axes", "Any number of axes before the last, and none", 1, "module-parameters", leading_axes, "only-2d"),
        Check(
            "half",
            "A layer in float16 or bfloat16, statistics in float32",
            1,
            "low-precision",
            halves,
            "half-precision-statistics",
        ),
        Check("dtype", "The output has the input's dtype", 1, "low-precision", dtypes),
        Check(
            "autocast",
            "Under autocast: float32 in, float32 out, to float32's precision",
            1,
            "low-precision",
            autocasts,
            "autocast-reaches-in",
        ),
        Check("offset", "float32 tokens at a large offset", 1, "low-precision", offsets, "one-pass-variance"),
        Check(
            "layout", "Tensors that are not contiguous in memory", 1, "module-parameters", layouts, "contiguous-only"
        ),
        Check("untouched", "The input is left as it was", 1, "module-parameters", untouched),
    ),
    suspects=alone(module, DEFAULTS + STATISTICS + AFFINE, throughout=True)
    + alone(
        by_function,
        FORWARD_PARTS
        + [(name, parts) for name, parts in BACKWARD_PARTS if name in FORMULAS]
        + [("statistics-detached", parts) for parts in DETACHED],
        throughout=True,
    )
    + (
        *(Suspect("affine-first", as_module(affine_first(shifted)), throughout=True) for shifted in (True, False)),
        Suspect("missing-parentheses", as_module(weight_on_mean), throughout=True),
        Suspect("var-mean-order", as_module(exchanged), throughout=True),
    )
    + together(module, COMMON_STATISTICS + AFFINE + DEFAULTS[4:6]),
    misconceptions=MODULE,
    forbidden_names=NORMS,
)
