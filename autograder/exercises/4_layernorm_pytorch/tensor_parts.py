"""What ``LayerNormFunction`` and ``LayerNorm`` are judged by alike: the reference, cases in every dtype and layout."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder import reading
from autograder.exercise import Case, Output
from autograder.exercises.misconceptions import common, in_section
from autograder.exercises.norm_parts import (
    centred_by,
    dbeta_of,
    deviation,
    dgamma_of,
    layernorm_dx,
    mean,
    not_centred,
    nothing,
    over_tokens,
    smaller_sample,
    tokens,
)
from autograder.student import Reply
from autograder.tensors import tensor

from .backward_parts import DX_PARTS, DY, PARAMETER_PARTS, averaged_by, corrected, of_g, of_gx, upstream
from .forward_parts import (
    BETA,
    BY_OTHER_COUNTS,
    EXAMPLE,
    STATISTICS,
    as_it_is,
    counted_all,
    down,
    less,
    outside_root,
    overall,
    scaled_and_shifted,
    statistics,
    without_its_axis,
    y_by,
)
from .parts import EPS, FAIR, GAMMA, ROUGH, TOKENS, Pass, by_count, counted_tokens, listed, parameters

Y, DX, PARAMETERS, SECOND = (0,), (1,), (2, 3), (4, 5, 6)  # positions among the outputs


# misconceptions ---------------------------------------------------------------------------------

TORCH = (
    common("autograd-function")
    | in_section(
        "low-precision",
        {
            "float64-result": "The result is wider than x. y keeps x's dtype: bfloat16 in, bfloat16 out, also when the "
            "statistics or the weight are float32. Finish with `.to(x.dtype)`.",
            "dtypes-differ": "Two dtypes meet where PyTorch wants one, as on both sides of a matrix product. Make a constant "
            "in the dtype of what it meets, `dtype=x.dtype`, and convert the inputs before you compute.",
        },
    )
    | in_section(
        "autograd-function",
        {
            "input-mutated": "An operation in place (`x.sub_(…)`, `x -= …`, `out=x`) wrote into the caller's tensor. Make a "
            "new one.",
            "only-2d": "It works for some numbers of axes only. The features are the last axis, `-1`; before it there may be "
            "any number of axes, and none at all for a single token.",
            "contiguous-only": "It is right only for tensors without gaps in memory. `view` needs that and `reshape` does not; "
            "what walks through the storage sees the gaps.",
        },
    )
    | in_section(
        "module-parameters",
        {
            "shape-lost": "y does not have x's shape. weight and bias, of shape (d,), line up with the last axis by "
            "themselves, without `[:, None]` or `view`.",
        },
    )
    | in_section(
        "padding-trap",
        {
            "power-of-two-only": "It is right for widths that are powers of two and wrong for others. 768 and 1,000 are "
            "ordinary widths.",
        },
    )
)


# references -------------------------------------------------------------------------------------

STEPS = {"off", "measured", "each", "average", "root", "over", "undivided"}  # those of the statistics


def layernorm(
    forward=None,
    backward=None,
    y=None,
    affine=scaled_and_shifted,
    dx=None,
    dweight=dgamma_of,
    dbias=dbeta_of,
    frozen=None,
    x_of=None,
    **steps,
):
    """Return LayerNorm with its gradients, or one in which some parts are others.

    steps: of the statistics and of dx, where forward and dx are not given.
    x_of: (x, weight, bias) -> what is taken for x, forward and backward.
    backward: the statistics of the backward pass, those of the forward unless given.
    frozen: (x, eps, x of the forward) -> (x̂, σ_ε), as the backward computes them when it is differentiated.

    The function takes (x, weight, bias, ε, dy) and gives (y, dx, dweight, dbias). With vectors u_x, u_w, u_b besides it
    gives the derivatives of Σ u_x·dx + Σ u_w·dweight + Σ u_b·dbias by x, weight and dy, too.
    """
    forward = forward or statistics(**{name: steps.pop(name) for name in STEPS & steps.keys()})
    backward = backward or forward
    y = y or y_by(affine)
    dx = dx or corrected(**steps)

    def gradients(x, weight, bias, eps, dy, xhat, s):
        p = Pass(x, weight, bias, dy, dy * weight, xhat, s, eps)
        return dx(p), dweight(p), dbias(p)

    def run(x, weight, bias, eps, dy, *vectors) -> tuple:
        x = x_of(x, weight, bias) if x_of else x
        ahead = Pass(x, weight, bias, dy, dy * weight, *forward(x, eps), eps)
        results = y(ahead), *gradients(x, weight, bias, eps, dy, *backward(x, eps))
        if not vectors:
            return results

        def loss(at_x, at_weight, at_dy):
            xhat, s = frozen(at_x, eps, x) if frozen else backward(at_x, eps)
            found = gradients(at_x, at_weight, bias, eps, at_dy, xhat, s)
            return sum((u * value).sum() for u, value in zip(vectors, found))

        return *results, *by_complex_steps(loss, x, weight, dy)

    return run


def slope(function: Callable, *args: np.ndarray, by: int = 0) -> np.ndarray:
    """The derivative of a function that acts on each number for itself."""
    moved = [a + 1e-30j if i == by else a for i, a in enumerate(args)]
    return np.imag(function(*moved)) * 1e30


def differentiated(
    off=deviation,
    measured=None,
    each=np.square,
    average=mean,
    root=lambda v, eps, d: np.sqrt(v + eps),
    over=as_it_is,
    undivided=lambda x: 0.0,
    affine=scaled_and_shifted,
) -> Callable:
    """Return LayerNorm with the gradients that autograd finds, or one in which some steps of the forward are others.

    The steps are those of ``statistics`` and ``layernorm``. off, measured, average and undivided have to be symmetric: a
    step back through them is a step forward.
    """
    measured = measured or off

    def run(x, weight, bias, eps, dy) -> tuple:
        def divisor(v):
            return over(root(v, eps, x.shape[-1]))

        squared = measured(x)
        v = average(each(squared))
        s = divisor(v)
        divided = (off(x) - undivided(x)) / s
        h = undivided(x) + divided
        g = dy * slope(affine, h, weight, bias)
        through_s = measured(slope(each, squared) * average(slope(divisor, v) * g * divided / s))
        dx = undivided(g) + off(g / s) - undivided(g / s) - through_s
        of_parameters = (over_tokens(dy * slope(affine, h, weight, bias, by=i)) for i in (1, 2))
        return affine(h, weight, bias), dx, *of_parameters

    return run


def by_complex_steps(loss: Callable, *arrays: np.ndarray) -> tuple:
    """Return the gradients of an analytic function by its arguments, exact up to rounding."""
    gradients = []
    for i, values in enumerate(arrays):
        gradient = np.zeros(values.shape)
        for place in np.ndindex(values.shape):
            moved = [a.astype(complex) for a in arrays]
            moved[i][place] += 1e-30j
            gradient[place] = loss(*moved).imag * 1e30
        gradients.append(gradient)
    return tuple(gradients)


# cases ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run(Case):
    """A case whose args are (x, weight, bias, ε, dy) and, for second derivatives, u_x, u_w, u_b.

    mode: "grad", "no_grad" or "autocast".
    again: the gradients of a second backward count.
    between: args of another call between forward and backward.
    watches: "saved" or "context", where what is kept for the backward counts.
    fresh: the module keeps the weight and bias that it was made with.
    to: the dtype that the module is converted to; none if empty.
    training: the module is in training mode.
    second_call: the module was called with another x before.
    """

    mode: str = "grad"
    again: bool = False
    between: tuple = ()
    watches: str = ""
    fresh: bool = False
    to: str = "float64"
    training: bool = False
    second_call: bool = False


def case(
    rng,
    shape,
    kind="",
    *,
    x=None,
    location=None,
    spread=None,
    eps=EPS,
    name="float64",
    of_weight="",
    wanted=(True, True, True),
    layout="contiguous",
    second=False,
    **more,
) -> Run:
    """A case with random values.

    name, of_weight: the dtype of x and dy, and that of weight and bias (x's unless given).
    wanted: which of x, weight and bias require a gradient. layout: how x and dy lie in memory.
    second: whether second derivatives are asked for.
    """
    x = tokens(rng, shape, location, spread) if x is None else x
    weight, bias = parameters(rng, shape[-1])
    narrow = of_weight or name
    args = (
        tensor(x, name, wanted[0], layout),
        tensor(weight, narrow, wanted[1]),
        tensor(bias, narrow, wanted[2]),
        eps,
        tensor(upstream(rng, shape), name, False, layout),
    )
    if second:
        args += tuple(tensor(rng.normal(size=s), name, False) for s in (shape, shape[-1:], shape[-1:]))
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True, "may_change": True, "to": narrow} | more
    return Run(args, f"x of shape {shape}{kind}", **more)


def shown(rows=2, eps=EPS, words=EXAMPLE, **more) -> Run:
    """The worked example of the notebook."""
    args = (
        tensor(TOKENS[:rows], "float64"),
        tensor(GAMMA, "float64"),
        tensor(BETA, "float64"),
        eps,
        tensor(DY[:rows], "float64", False),
    )
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True, "may_change": True} | more
    return Run(args, words, public=True, **more)


def leading_axes(rng):
    shapes = [(9,), (1000,), (2, 3, 5), (3, 3, 3), (2, 1, 768), (2, 3, 2, 7), (2, 2, 1, 64), (2, 1, 3, 2, 5), (1, 1, 6)]
    return [case(rng, (4, 6), control=True)] + [case(rng, shape) for shape in shapes]


def halves(rng):
    return [
        case(rng, (4, 7), control=True),
        case(rng, (4, 24), " in float16, several hundred", location=600.0, spread=300.0, name="float16", **FAIR),
        case(rng, (6, 24), " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH),
        case(rng, (3, 7), " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH),
    ]


def dtypes(rng):
    more = {"any_dtype": False, "judged": Y}
    return [
        case(rng, (4, 7), control=True),
        case(rng, (3, 5), " in float32", name="float32", **more),
        case(rng, (3, 5), " in float16", name="float16", **FAIR, **more),
        case(rng, (6, 9), " in bfloat16", name="bfloat16", **ROUGH, **more),
        case(
            rng, (6, 9), " in bfloat16 with float32 parameters", name="bfloat16", of_weight="float32", **ROUGH, **more
        ),
    ]


def offsets(rng):
    out = [case(rng, (4, 7), control=True)]
    for c, allowed in ((1e3, 0.02), (1e4, 0.1)):
        kind = f" in float32 around {c:.0f}"
        out.append(case(rng, (5, 24), kind, location=c, spread=1.0, name="float32", atol=allowed))
    return out


def layouts(rng):
    out = [case(rng, shape, control=True) for shape in ((4, 7), (2, 3, 5))]
    for layout, kind in (("strided", "with gaps in memory"), ("misaligned", "that begins inside of its storage")):
        out += [case(rng, shape, f" {kind}", layout=layout) for shape in ((5, 9), (2, 3, 5))]
    return out


def untouched(rng):
    return [case(rng, shape, may_change=False) for shape in ((4, 7), (3, 5), (6, 2))]


# runs -------------------------------------------------------------------------------------------

BLANK = tensor(0.0, "float64")  # stands in for an output that does not count
SIGNS = (
    (r"incorrect number of gradients", "wrong-number-of-gradients"),
    (r"values to unpack.*needs_input_grad", "needs-input-grad"),
    (r"values to unpack.*= \w+\.(shape|size\(\))", "only-2d"),
    (r"have (the )?same dtype|expected scalar type|expected m1 and m2", "dtypes-differ"),
    (r"does not have the shape of its upstream gradient", "shape-lost"),
    (r"gradient different than None at position 4", "gradient-for-eps"),
    (r"__init__\(\) missing 1 required positional argument: 'eps'", "eps-default"),
    (r"(forward|backward|__init__)\(\) (got|takes|missing)", "wrong-signature"),
    (
        r"save_for_backward can only save|values to unpack.*saved_tensors|saved_tensors'.*not writable",
        "saved-tensors-misused",
    ),
    (r"'tuple' object is not callable.*saved_tensors\(", "saved-tensors-misused"),
    (r"Backward' object has no attribute", "not-kept"),
    (r"invalid gradient at index 0", "outputs-swapped"),
    (r"invalid gradient at index [12]", "dgamma-wrong-axis"),
    (r"once_differentiable|carry no graph|numpy\(\) on Tensor that requires grad", "not-differentiable-twice"),
    (r"modified by an inplace operation", "cache-mutated"),
    (r"leaf Variable that requires grad is being used in an in-place", "input-mutated"),
    (r"view size is not compatible", "contiguous-only"),
    (r"has no `apply`|Module.apply\(\) takes|must implement either the backward", "autograd-graph"),
    (r"returned None", "returns-none"),
    (r"no parameter called `(weight|bias)`|makes no nn.Module", "parameters-not-registered"),
    (r"the parameter `(weight|bias)` of .* has shape", "parameter-shape"),
    (r"returned no tensor", "no-tensor"),
    (r"before Module.__init__\(\) call", "super-init-missing"),
    (r"Tensors does not require grad", "returns-none"),
)


def single_output(reply: Reply) -> object:
    outputs = listed(reply.value, "outputs")
    return outputs[0] if len(outputs) == 1 and not reading.gave_tuple(reply.value) else tuple(outputs)


def only_judged(item: Case, values: list) -> tuple:
    """Blank what does not count, so that an output which is missing there is no failure here."""
    return tuple(value if not item.judged or i in item.judged else BLANK for i, value in enumerate(values))


# what goes wrong --------------------------------------------------------------------------------


def beside_root(p):
    """dx where ε was added to the root, as autograd finds it."""
    return (p.g - of_g(p) - p.xhat * of_gx(p) * p.s / (p.s - p.eps)) / p.s


def exchanged_statistics(x, eps):
    """x̂ and σ_ε, where mean and rstd have changed places."""
    rstd = 1 / centred_by(x, eps)[1]
    return (x - rstd) * mean(x), 1 / mean(x)


def multiplied(x, eps):
    """σ_ε, and an x̂ that was multiplied by it."""
    s = centred_by(x, eps)[1]
    return deviation(x) * s, s


def tokens_of(p: Pass) -> int:
    return p.x.size // p.x.shape[-1]


IN_BACKWARD = {"ddof-1", "wrong-axis", "whole-array", "eps-missing", "eps-outside-root", "eps-altered", "eps-fixed"}
BACKWARD_PARTS = [
    *DX_PARTS,
    *PARAMETER_PARTS,
    (
        "divided-by-batch",
        {"dweight": lambda p: dgamma_of(p) / tokens_of(p), "dbias": lambda p: dbeta_of(p) / tokens_of(p)},
    ),
    ("divided-by-batch", {"dweight": lambda p: dgamma_of(p) / tokens_of(p)}),
    ("divided-by-batch", {"dbias": lambda p: dbeta_of(p) / tokens_of(p)}),
    ("divided-by-batch", {"scale": lambda p, left: left / p.s / tokens_of(p)}),
    *(("multiplied", {where: multiplied}) for where in ("backward", "forward")),
    ("xhat-wrong", {"backward": not_centred}),
    ("sign-reversed", {"backward": statistics(off=lambda x: -deviation(x))}),
    ("statistics-exchanged", {"backward": exchanged_statistics}),
    *(part for count in (counted_tokens, counted_all) for part in averaged_by("len-for-features", by_count(count))),
    *((name, steps | averaged_by(name, by_count(counted_tokens))[0][1]) for name, steps in BY_OTHER_COUNTS[:3]),
    *averaged_by("dx-wrong-axis", down),
    *averaged_by("dx-wrong-axis", overall),
    *averaged_by("keepdims-missing", without_its_axis),
    ("eps-outside-root", {"root": outside_root, "dx": beside_root}),
    ("ddof-1", {"dx": smaller_sample}),
    ("ddof-1", dict(STATISTICS)["ddof-1"] | {"dx": smaller_sample}),
    ("rms-for-layernorm", {"off": as_it_is, "first": nothing}),
    *(
        (name, {"off": less(average), "average": average} | averaged_by(name, average)[0][1])
        for name, average in (("wrong-axis", down), ("whole-array", overall))
    ),
    *STATISTICS,
    *((name, {"backward": statistics(**steps)}) for name, steps in STATISTICS if name in IN_BACKWARD),
    # x̂ as it was, and another ε in the final division
    *(
        (
            "eps-missing" if value == 0 else "eps-fixed",
            {"dx": lambda p, v=value: layernorm_dx(p) * p.s / centred_by(p.x, v)[1]},
        )
        for value in (0.0, 1e-5)
    ),
]

OUTPUTS = tuple(Output(name, "tensor") for name in ("y", "x's gradient", "weight's gradient", "bias's gradient"))
