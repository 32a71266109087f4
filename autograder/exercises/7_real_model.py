"""Hidden side of ``7_real_model``: references, cases, tolerances, checks and misconceptions.

The norms of the models. ``7_real_model.npz`` holds, for each of the 13 norms of MiniLM and the 61 of SmolLM2, its
weights and what it was given for a few tokens of real text (``python -m tests.recorded_activations`` makes it). Which
tokens form a case is drawn from the course's secret. So no model is needed where one grades, and a norm that is
right in every place, on what stands there, gives the model's own output up to rounding.

Partial credit. Wide tokens with a spread of 3 to 6 and a tiny ε leave ε, the divisor and digits to checks of their own.

Tolerances, of outputs of order 1 to 10. float32 two-pass: 1e-5; allowed 1e-4, for sums taken one after another. At
an offset of 1e4 the mean of 64 features is off by up to 8e-3 of a spread of 1, 0.03 with weights up to 3: allowed
0.05. float16 and bfloat16 outputs may be rounded twice: 0.3 % and 1.6 %. Recorded places: SmolLM2 has features of
24,600 whose squares swamp the others; allowed are 1e-5 of the largest output and 1e-4 of each.

``fails`` is judged by norms that run here and answer its calls. Right ones are those of the contract: accurate to
1e-3 of the largest output for float32 features up to 1e4 and to 1e-2 for float16.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from autograder import reading, tensors
from autograder.exercise import Case, Check, Exercise, Misconception, Output, Question, Quiz, Suspect, Topic
from autograder.misconceptions import common, half_not_root, in_section, named
from autograder.norm_names import NORMS, OPERATORS
from autograder.student import Kind, Reply, Rules, Student

TINY = 1e-12
MAX_CALLS, MAX_NUMBERS = 200, 1_000_000
ACTIVATIONS = Path(__file__).with_suffix(".npz")

# misconceptions -------------------------------------------------------------------------------

BOTH = (
    common("build-layernorm")
    | named(half_not_root("build-layernorm", root=".sqrt()"))
    | in_section(
        "build-layernorm",
        {
            "float64-result": "The result is wider than x: float32 weights or statistics widened it. Return it in x's dtype, "
            "`.to(x.dtype)`.",
            "not-a-builder": "The builder computes at once, or returns no function. It returns a function of x, which the model "
            "calls later.",
            "absolute-deviation": "The absolute values were averaged. It is the squares that are averaged, and a root is taken "
            "of that.",
            "keepdims-missing": "A statistic lost its axis, so it is lined up with the features: mostly an error, and silently "
            "wrong when there are as many tokens as features. Reduce with `keepdim=True`.",
            "divided-by-tokens": "A sum over the features was divided by the length of another axis. `len(x)` is that of the "
            "first; there are `x.shape[-1]` features.",
            "sum-for-mean": "The squares are summed, not averaged: divide by d.",
            "not-averaged": "Every feature was divided by the root of its own square, so only its sign is left. Average the "
            "squares over the features first.",
            "not-squared": "The average was taken without squaring, or before it, so that positive and negative values cancel. "
            "Square first, then average.",
            "multiplied": "The features are multiplied by the root, or divided by its reciprocal. Divide by `sqrt`, or multiply "
            "by `rsqrt`.",
            "no-root": "The features are divided by the mean of the squares itself. Divide by its root.",
            "only-3d": "It works for (batch, tokens, d) only. Before the features there may be any number of axes, and none at "
            "all.",
            "shape-lost": "The result keeps the shape (tokens, d) that x was reshaped to. Bring it back to x's: "
            "`.reshape(x.shape)`.",
            "affine-before": "The weight (and the bias) is applied before normalising, which takes most of its effect away "
            "again. It comes last.",
        },
    )
    | in_section(
        "what-breaks-what",
        {
            "weight-ignored": "The weight has no effect.",
            "one-plus-weight": "This multiplies by 1 + weight. A few models store their weights like that; these store the "
            "factor itself.",
            "wrong-axis": "A statistic runs over the tokens. Each token has its own: the last axis.",
            "whole-array": "One statistic is taken for all tokens together. Each token has its own: `dim=-1, keepdim=True`.",
        },
    )
    | in_section(
        "unnoticed-mistakes",
        {
            "eps-missing": "ε has no effect. A trained model's variances are far larger, so no model would tell you.",
            "eps-outside-root": "ε was added after the root. It belongs inside.",
            "eps-as-floor": "ε was taken as a least value, as `clamp` does. It is added, for every token: the root of (… + ε).",
            "eps-altered": "ε was squared, or divided by d, before it was added (adding it to the sum of the squares does that), "
            "or it was added twice. It is added once, to the mean of the squares, as it is.",
            "eps-fixed": "A fixed ε stands in place of the argument. MiniLM asks for 1e-12, SmolLM2 for 1e-5; each norm uses its "
            "own.",
            "ddof-1": "The mean of the squares divides by d − 1. At 384 features that is off by 0.1 %, which no model notices; "
            "at 3 by 22 %.",
        },
    )
    | in_section(
        "real-model-inside",
        {
            "half-precision-statistics": "Statistics were taken in x's own half precision: in float16 the square of 256 is "
            "infinite, in bfloat16 a mean keeps 8 bits. Convert to float32 first.",
        },
    )
    | in_section(
        "replacing-norms",
        {
            "last-weights": "Norms that were built earlier use the weights of the one that was built last: they are kept in a "
            "global name. Each inner function keeps its own.",
            "remembered-statistics": "The second call of a norm uses statistics of the first. Compute them from x, at each call.",
        },
    )
)
LAYERNORM_ONLY = (
    in_section(
        "build-layernorm",
        {
            "missing-parentheses": "Python multiplies and divides before it subtracts, so here only the mean was divided by the "
            "root. Put the subtraction in parentheses: (x − mean).",
            "not-centred": "The mean is subtracted in one place and missing in another: above the fraction stands x − mean, and "
            "under the root the mean of the squares of that same difference.",
            "only-centred": "The features were centred but not divided: divide by the root of variance + ε.",
            "sum-subtracted": "The sum of the features is subtracted. Divide it by d first.",
            "sign-reversed": "All signs before weight and bias are exchanged: the features were subtracted from the mean. It is "
            "x − mean.",
            "root-twice": "A root was taken of the standard deviation, which is a root already. ε is added to the variance, and "
            "one root is taken of both.",
            "beta-scaled": "The bias was added before the weight multiplied, and so was multiplied as well. It comes last.",
            "gamma-beta-swapped": "Weight and bias are exchanged: the weight multiplies, the bias is added. The builder gets "
            "them in that order.",
        },
    )
    | in_section(
        "what-breaks-what",
        {
            "bias-subtracted": "The bias was subtracted. It is added.",
            "bias-ignored": "The bias has no effect.",
            "rms-for-layernorm": "The mean is not subtracted: this is RMSNorm. MiniLM's norms are LayerNorms.",
        },
    )
    | in_section(
        "unnoticed-mistakes",
        {
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)². Subtract the mean first, then "
            "square.",
            "nan-on-constant": "A constant token gives NaN. Divide by the root of variance + ε.",
        },
    )
)
RMSNORM_ONLY = (
    in_section(
        "what-breaks-what",
        {
            "mean-subtracted": "The mean is subtracted: this is LayerNorm's step. RMSNorm does not centre.",
            "spread-for-rms": "It is divided by the standard deviation, which is measured from the mean. RMSNorm measures from "
            "zero: the root of the mean of the squares.",
        },
    )
    | in_section(
        "build-layernorm",
        {
            "not-divided": "The features were not divided: x̂ is x over its root mean square.",
            "root-before-mean": "The root was taken of a sum of squares, and d divided only then. Divide by d under the root; a "
            "norm (`z.norm`) is divided by √d.",
        },
    )
)

# references -----------------------------------------------------------------------------------


def spread(
    values: np.ndarray, eps: float, ddof: int = 0, axes=-1, outside: bool = False, floor: bool = False, twice: bool = False
) -> np.ndarray:
    """Root of the mean square over ``axes``, with ε."""
    count = np.prod([values.shape[a] for a in np.atleast_1d(axes)]) if axes is not None else values.size
    square = (values**2).sum(axes, keepdims=True) / (count - ddof)
    if floor:
        return np.sqrt(np.maximum(square, eps))
    if twice:
        return np.sqrt(square + eps) + eps
    return np.sqrt(square) + eps if outside else np.sqrt(square + eps)


def rows(weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Bring weights (d,), or one row of them for each norm (P, d), beside x (…, d) or (P, n, d)."""
    return weight if weight.ndim == 1 else weight[:, None, :]


def layernorm(x, weight, bias, eps, centre=True, axes=-1, **wrong):
    centred = x - x.mean(axes, keepdims=True) if centre else x
    return centred / spread(centred, eps, axes=axes, **wrong) * rows(weight, x) + rows(bias, x)


def rmsnorm(x, weight, bias, eps, **wrong):
    return layernorm(x, weight, np.zeros_like(weight), eps, centre=False, **wrong)


def mean(values: np.ndarray, axes=-1) -> np.ndarray:
    return values.mean(axes, keepdims=True)


def scaled(normalised: Callable) -> Callable:
    """A norm from what weight and bias are applied to. normalised: (x, ε) → array."""
    return lambda x, weight, bias, eps: normalised(x, eps) * rows(weight, x) + rows(bias, x)


def affine_first(x, weight, bias, eps):
    return layernorm(x * rows(weight, x) + rows(bias, x), np.ones_like(weight), np.zeros_like(bias), eps)


def of_the_last(norm: Callable) -> Callable:
    """All norms with the weights of the one that was built last."""

    def other(x, weight, bias, eps):
        if weight.ndim == 1:
            return norm(x, weight, bias, eps)
        return norm(x, np.broadcast_to(weight[-1], weight.shape), np.broadcast_to(bias[-1], bias.shape), eps)

    return other


def outputs_of(forward: Callable) -> Callable:
    return lambda x, weight, bias, eps, *earlier: (forward(x, weight, bias, eps),)


def remembered(centre: bool) -> Callable:
    """The second call with the statistics of the first."""

    def other(x, weight, bias, eps, *earlier):
        if not earlier:
            return (layernorm(x, weight, bias, eps, centre=centre),)
        mean = earlier[0].mean(-1, keepdims=True) if centre else 0.0
        return ((x - mean) / spread(earlier[0] - mean, eps) * weight + bias,)

    return other


# running --------------------------------------------------------------------------------------

PRELUDE = """import numpy as np
import torch

def course_norms(builder, parameters, calls):
    norms = [globals()[builder](*given) for given in parameters]
    return tuple(norms[i](x) for i, x in calls)

def course_fails(norm):
    def by_name(x, weight, bias, eps):
        return norm(x, weight, bias, eps)
    return fails(by_name)
"""


def invoke_builder(name: str, takes_bias: bool):
    def invoke(student: Student, case: Case) -> Reply:
        x, weight, bias, eps, *earlier = case.args
        kind = case.dtype.name
        given = [weight, bias, eps] if takes_bias else [weight, eps]
        wide = "float64" if kind == "float64" else "float32"

        def sent(values, dtype=wide):
            return tensors.tensor(values, dtype, False)

        if weight.ndim == 2:
            parts = [[sent(v[i]) if isinstance(v, np.ndarray) else v for v in given] for i in range(len(weight))]
            calls = [[i, sent(x[i])] for i in range(len(weight))]
            return joined(student.torch("course_norms", [name, parts, calls], mode="no_grad"), name)
        given = [sent(v) if isinstance(v, np.ndarray) else v for v in given]
        if earlier:
            calls = [[0, sent(earlier[0])], [0, sent(x)]]
            reply = student.torch("course_norms", [name, [given], calls], mode="no_grad")
            return last(reply, name)
        reply = student.torch(name, [sent(x, kind)], build=[given, {}], mode="no_grad")
        if reply.error_type == Kind.UNMET and "nothing that can be called" in (reply.problem or ""):
            said = f"`{name}` returns no function"
            return Reply(problem=said, brief=said, error_type=Kind.OTHER, sign="not-a-builder")
        if reply.problem:
            return reply
        if reading.gave_tuple(reply.value):
            return reading.SEVERAL
        return Reply(tuple(reply.value["outputs"]), changed=reply.changed)

    return invoke


def joined(reply: Reply, name: str) -> Reply:
    """Put the results of all norms into one tensor (P, n, d)."""
    if reply.problem:
        return renamed(reply, name)
    arrays = [tensors.array(t) if hasattr(t, "raw") else None for t in reply.value["outputs"]]
    if not arrays or any(a is None or a.shape != arrays[0].shape or a.dtype != arrays[0].dtype for a in arrays):
        said = f"a norm of `{name}` returned no tensor of its input's shape"
        return Reply(problem=said, brief=said, error_type=Kind.OTHER)
    return Reply((tensors.tensor(np.stack(arrays), arrays[0].dtype.name),))


def last(reply: Reply, name: str) -> Reply:
    return renamed(reply, name) if reply.problem else Reply(tuple(reply.value["outputs"][-1:]))


def renamed(reply: Reply, name: str, helper: str = "course_norms") -> Reply:
    """Speak of the student's function, not of the course's helper."""
    fixed = [text and text.replace(helper, name) for text in (reply.problem, reply.brief)]
    return replace(reply, problem=fixed[0], brief=fixed[1], error=None)


# cases ----------------------------------------------------------------------------------------


@cache
def recorded() -> dict[str, np.ndarray]:
    """Return {"minilm_x": (13, n, 384), "minilm_weight": …, "smollm2_x": (61, n, 576), …}."""
    with np.load(ACTIVATIONS) as file:
        return {name: file[name] for name in file.files}


class Norm:
    """Draws the cases of one norm."""

    def __init__(self, centre: bool) -> None:
        self.centre = centre

    def parameters(self, rng, d) -> tuple[np.ndarray, np.ndarray]:
        weight = rng.uniform(0.5, 2.0, size=d) * rng.choice([-1, 1], size=d)
        return weight, rng.normal(size=d) if self.centre else np.zeros(d)

    def case(self, rng, shape, kind="", eps=TINY, dtype="float32", size=None, offset=None, x=None, **more) -> Case:
        """x: tokens with an exact spread; ``size`` for all, else 3 to 6; ``offset`` else of about the spread."""
        if x is None:
            x = rng.gamma(2.0, size=shape) * rng.choice([-1, 1], size=(*shape[:-1], 1))
            x = x - x.mean(-1, keepdims=True)
            if shape[-1] > 1:
                x = x / np.sqrt((x**2).mean(-1, keepdims=True))
            scale = rng.uniform(3.0, 6.0, size=(*shape[:-1], 1)) if size is None else size
            place = scale * rng.uniform(0.4, 1.0, size=(*shape[:-1], 1)) if offset is None else offset
            x = x * scale + place * rng.choice([-1, 1])
        weight, bias = self.parameters(rng, shape[-1])
        x = x.astype(tensors.dtype(dtype))
        if dtype == "float32":
            weight, bias = weight.astype("float32"), bias.astype("float32")
        more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True, "may_change": True} | more
        return Case((x, weight, bias, eps), f"x of shape {shape}{kind}", **more)

    def example(self, eps: float) -> Case:
        x = np.array([-3.0, 3.0, 5.0, 11.0] if self.centre else [3.0, -4.0, 0.0, 0.0], "float32")
        bias = np.array([0.0, 0.0, 1.0, 0.0] if self.centre else [0.0] * 4, "float32")
        weight = np.array([2.0, 1.0, 0.5, 1.5], "float32")
        return Case((x, weight, bias, eps), f"the worked example with weight (2, 1, 0.5, 1.5) and ε = {eps:g}", atol=1e-4, rtol=1e-4,
                    public=True, any_dtype=True, may_change=True)  # fmt: skip

    def values(self, rng):
        return [self.case(rng, shape) for shape in ((2, 6, 768), (1, 5, 384), (2, 3, 577))]

    def epsilon(self, rng):
        near = 0.0 if not self.centre else None
        return [
            self.example(11.0 if self.centre else 2.75),
            self.case(rng, (2, 3, 384), " with ε = 0.1", eps=0.1, size=0.5, offset=near),
            self.case(rng, (1, 4, 96), " with ε = 0.3", eps=0.3, size=1.0, offset=near),
            self.case(rng, (2, 3, 200), " with a spread of 0.001 and ε = 3e-6", eps=3e-6, size=1e-3, offset=near),
        ]

    def few(self, rng):
        # At (3, 3, 3) a statistic that lost its axis is no error.
        return [self.example(0.0)] + [self.case(rng, shape) for shape in ((2, 6, 2), (2, 6, 3), (2, 6, 5), (3, 3, 3))]

    def shapes(self, rng):
        shapes = [(7,), (5, 384), (9, 3, 64), (2, 2, 2, 9), (1, 1, 96), (300, 2, 64)]
        return [self.case(rng, (2, 5, 96), control=True)] + [self.case(rng, shape) for shape in shapes]

    def far(self, rng):
        out = [self.case(rng, (2, 3, 96), control=True)]
        for c, allowed in ((1e3, 0.01), (1e4, 0.05)):
            kind = f" in float32 around {c:.0f}"
            out.append(self.case(rng, (2, 3, 64), kind, size=1.0, offset=c, atol=allowed, rtol=0.01))
        return out

    def half(self, rng):
        out = [self.case(rng, (2, 3, 96), control=True)]
        for dtype, atol, rtol in (("float16", 0.01, 0.004), ("bfloat16", 0.03, 0.02)):
            kind = f" in {dtype}, several hundred"
            # bfloat16 counts in steps of 4 here, so that a mean of about 602 is off by 2.
            size, offset = ((30.0, 602.0) if dtype == "bfloat16" else (300.0, 600.0)) if self.centre else (300.0, 0.0)
            out.append(self.case(rng, (2, 3, 64), kind, size=size, offset=offset, dtype=dtype, atol=atol, rtol=rtol, any_dtype=False))
        massive = rng.normal(size=(1, 4, 576))
        massive[:, 0, 7] = 24_600.0
        kind = " in float16 with one feature of 24,600"
        return [*out, self.case(rng, (1, 4, 576), kind, x=massive, dtype="float16", atol=0.02, rtol=0.004, any_dtype=False)]

    def corners(self, rng):
        flat = rng.normal(size=(2, 3, 8))
        flat[0, 1] = 7.0 if self.centre else 0.0
        return [
            self.case(rng, (2, 3, 96), control=True, may_change=False),
            self.case(rng, (2, 3, 8), " with a constant token" if self.centre else " with a token of zeros", x=flat, eps=1e-5, atol=1e-3),
            self.case(rng, (2, 3, 1), eps=1e-5, atol=1e-3),
            self.case(rng, (2, 3, 40), " with a spread of 0.002", eps=1e-5, size=2e-3, offset=0.0, atol=1e-3, control=True),
            self.case(rng, (3, 2, 40), may_change=False),
        ]

    def places(self, rng):
        """Every norm of the model, built first and called afterwards; and one norm called twice."""
        model, eps = ("minilm", 1e-12) if self.centre else ("smollm2", 1e-5)
        x = recorded()[f"{model}_x"].astype("float32")
        weight = recorded()[f"{model}_weight"].astype("float32")
        bias = recorded()[f"{model}_bias"].astype("float32") if self.centre else np.zeros_like(weight)
        chosen = np.stack([tokens[rng.choice(len(tokens), size=3, replace=False)] for tokens in x])
        words = f"all {len(weight)} norms of {'MiniLM' if self.centre else 'SmolLM2'}, each with what it is given there"
        largest = float(np.abs(layernorm(chosen.astype(float), weight, bias, eps, centre=self.centre)).max())
        whole = Case((chosen, weight, bias, eps), words, atol=1e-5 * max(1.0, largest), rtol=1e-4, any_dtype=True, may_change=True)
        once = self.case(rng, (2, 3, 96))
        again = self.case(rng, (2, 3, 96), ", after another x of that shape")
        other = self.case(rng, (2, 3, 96), size=50.0)
        twice = Case((*again.args, other.args[0]), again.words, atol=1e-4, rtol=1e-4, any_dtype=True, may_change=True)
        return [once, twice, whole]


def squares_of(values: np.ndarray, axes=-1) -> np.ndarray:
    return mean(values**2, axes)


def centred(x: np.ndarray) -> np.ndarray:
    return x - mean(x)


def common_formulas(prepared: Callable) -> list[tuple[str, Callable]]:
    """What becomes of a norm whose formula has one mistake. prepared: x → what is squared and divided."""
    formulas = [
        ("keepdims-missing", lambda z, eps: z / np.sqrt((z**2).mean(-1) + eps)),
        ("sum-for-mean", lambda z, eps: z / np.sqrt((z**2).sum(-1, keepdims=True) + eps)),
        ("not-averaged", lambda z, eps: z / np.sqrt(z**2 + eps)),
        ("not-squared", lambda z, eps: z / np.sqrt(mean(z) + eps)),
        ("multiplied", lambda z, eps: z * np.sqrt(squares_of(z) + eps)),
        ("no-root", lambda z, eps: z / (squares_of(z) + eps)),
        ("half-not-root", lambda z, eps: z / ((squares_of(z) + eps) / 2)),
        ("half-not-root", lambda z, eps: z / (squares_of(z) + eps) / 2),
        ("absolute-deviation", lambda z, eps: z / (mean(np.abs(z)) + eps)),
        ("absolute-deviation", lambda z, eps: z / np.sqrt(mean(np.abs(z)) + eps)),
    ]
    return [(name, scaled(lambda x, eps, formula=formula: formula(prepared(x), eps))) for name, formula in formulas]


def by_length(centre: Callable) -> Callable:
    """A norm with the length of the first axis for the number of features. centre: (x, that length) → what is subtracted."""

    def other(x, weight, bias, eps):
        n = x.shape[weight.ndim - 1]
        z = x - centre(x, n)
        return z / np.sqrt((z**2).sum(-1, keepdims=True) / n + eps) * rows(weight, x) + rows(bias, x)

    return other


LAYERNORM_FORMULAS = [
    *common_formulas(centred),
    ("keepdims-missing", scaled(lambda x, eps: (x - x.mean(-1)) / np.sqrt(squares_of(x - x.mean(-1)) + eps))),
    ("keepdims-missing", scaled(lambda x, eps: (x - x.mean(-1)) / np.sqrt(x.var(-1) + eps))),
    ("not-centred", scaled(lambda x, eps: x / np.sqrt(squares_of(centred(x)) + eps))),
    ("not-centred", scaled(lambda x, eps: centred(x) / np.sqrt(squares_of(x) + eps))),
    ("only-centred", scaled(lambda x, eps: centred(x))),
    ("missing-parentheses", scaled(lambda x, eps: x - mean(x) / np.sqrt(squares_of(centred(x)) + eps))),
    ("missing-parentheses", lambda x, w, b, eps: x - mean(x) / np.sqrt(squares_of(centred(x)) + eps) * rows(w, x) + rows(b, x)),
    ("sum-subtracted", scaled(lambda x, eps: (x - x.sum(-1, keepdims=True)) / np.sqrt(squares_of(centred(x)) + eps))),
    (
        "sum-subtracted",
        scaled(lambda x, eps: (x - x.sum(-1, keepdims=True)) / np.sqrt(squares_of(x - x.sum(-1, keepdims=True)) + eps)),
    ),
    ("sign-reversed", scaled(lambda x, eps: -centred(x) / np.sqrt(squares_of(centred(x)) + eps))),
    ("root-twice", scaled(lambda x, eps: centred(x) / np.sqrt(np.sqrt(squares_of(centred(x))) + eps))),
    ("beta-scaled", lambda x, w, b, eps: rows(w, x) * (layernorm(x, np.ones_like(w), np.zeros_like(b), eps) + rows(b, x))),
    ("gamma-beta-swapped", lambda x, w, b, eps: layernorm(x, b, w, eps)),
    # One statistic of two over other axes; the variance is that of what was subtracted, or its own.
    *(
        ("wrong-axis", scaled(lambda x, eps, a=a: (x - mean(x, a)) / np.sqrt(squares_of(x - mean(x, a)) + eps)))
        for a in (-2, 0)
    ),
    *(("wrong-axis", scaled(lambda x, eps, a=a: (x - mean(x, a)) / np.sqrt(squares_of(centred(x)) + eps))) for a in (-2, 0)),
    *(("wrong-axis", scaled(lambda x, eps, a=a: centred(x) / np.sqrt(squares_of(centred(x), a) + eps))) for a in (-2, 0)),
    ("divided-by-tokens", by_length(lambda x, n: x.sum(-1, keepdims=True) / n)),
    ("divided-by-tokens", by_length(lambda x, n: mean(x))),
    ("whole-array", scaled(lambda x, eps: (x - x.mean()) / np.sqrt(squares_of(x - x.mean()) + eps))),
    ("whole-array", scaled(lambda x, eps: (x - x.mean()) / np.sqrt(squares_of(centred(x)) + eps))),
    ("whole-array", scaled(lambda x, eps: centred(x) / np.sqrt((centred(x) ** 2).mean() + eps))),
]
RMSNORM_FORMULAS = [
    *common_formulas(lambda x: x),
    ("divided-by-tokens", by_length(lambda x, n: 0.0)),
    ("not-divided", scaled(lambda x, eps: x)),
    *(
        ("spread-for-rms", scaled(lambda x, eps, how=how: x / spread(centred(x), eps, **how)))
        for how in ({}, {"ddof": 1}, {"outside": True}, {"ddof": 1, "outside": True})
    ),
    ("affine-before", lambda x, w, b, eps: rmsnorm(x * rows(w, x), np.ones_like(w), b, eps)),
    ("sum-for-mean", scaled(lambda x, eps: x / (np.sqrt((x**2).sum(-1, keepdims=True)) + eps))),
    ("root-before-mean", scaled(lambda x, eps: x / (np.sqrt((x**2).sum(-1, keepdims=True)) / x.shape[-1] + eps))),
    ("not-squared", scaled(lambda x, eps: x / np.sqrt(mean(x) ** 2 + eps))),
    ("root-before-mean", scaled(lambda x, eps: x / np.sqrt((x**2).sum(-1, keepdims=True) / x.shape[-1] ** 2 + eps))),
    ("root-before-mean", scaled(lambda x, eps: x / (np.sqrt((x**2).sum(-1, keepdims=True) + eps) / x.shape[-1]))),
]

LAYER, RMS = Norm(centre=True), Norm(centre=False)


def at_least_3d(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """With axes of length 1 in front, up to three."""
    return y[:, None] if weight.ndim == 2 else y.reshape((1,) * (3 - y.ndim) + y.shape)


def as_rows(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return y if weight.ndim == 2 else y.reshape(-1, y.shape[-1])


def wrongs(norm: Callable, has_bias: bool) -> list[tuple[str, Callable]]:
    """What either norm may become by a mistake."""
    out = [
        ("weight-ignored", lambda x, w, b, eps: norm(x, np.ones_like(w), b, eps)),
        ("one-plus-weight", lambda x, w, b, eps: norm(x, 1 + w, b, eps)),
        ("eps-outside-root", lambda x, w, b, eps: norm(x, w, b, eps, outside=True)),
        ("eps-as-floor", lambda x, w, b, eps: norm(x, w, b, eps, floor=True)),
        ("ddof-1", lambda x, w, b, eps: norm(x, w, b, eps, ddof=1)),
        ("wrong-axis", lambda x, w, b, eps: norm(x, w, b, eps, axes=-2)),
        ("wrong-axis", lambda x, w, b, eps: norm(x, w, b, eps, axes=0)),
        ("wrong-axis", lambda x, w, b, eps: norm(x, w, b, eps, axes=1)),
        ("whole-array", lambda x, w, b, eps: norm(x, w, b, eps, axes=(-2, -1))),
        ("whole-array", lambda x, w, b, eps: norm(x, w, b, eps, axes=tuple(range(x.ndim)) if w.ndim == 1 else (1, 2))),
        ("whole-array", lambda x, w, b, eps: norm(x, w, b, eps, axes=tuple(range(x.ndim)) if w.ndim == 1 else (1, 2), ddof=1)),  # x.var()
        ("wrong-axis", lambda x, w, b, eps: norm(x, w, b, eps, axes=0 if w.ndim == 1 else 1)),
        ("ddof-1", lambda x, w, b, eps: norm(x, w, b, eps, ddof=1, outside=True)),
        ("only-3d", lambda x, w, b, eps: at_least_3d(norm(x, w, b, eps), w)),
        ("shape-lost", lambda x, w, b, eps: as_rows(norm(x, w, b, eps), w)),
        ("last-weights", of_the_last(norm)),
    ]
    out += [("eps-fixed", lambda x, w, b, eps, value=value: norm(x, w, b, value)) for value in (1e-5, 1e-6, 1e-8)]
    if has_bias:
        out.append(("bias-subtracted", lambda x, w, b, eps: norm(x, w, -b, eps)))
        out.append(("bias-ignored", lambda x, w, b, eps: norm(x, w, np.zeros_like(b), eps)))
    return out


def as_suspects(norm: Callable, forwards: list[tuple[str, Callable]]) -> tuple[Suspect, ...]:
    """A norm without ε gives NaN for a constant token, as others do: it must agree where ε is seen, too."""
    no_eps = Suspect("eps-missing", outputs_of(lambda x, w, b, eps: norm(x, w, b, 0.0)), throughout=True)
    altered = (lambda eps, d: eps**2, lambda eps, d: eps / d)
    other_eps = [lambda x, w, b, eps, e=e: norm(x, w, b, e(eps, x.shape[-1])) for e in altered]
    other_eps.append(lambda x, w, b, eps: norm(x, w, b, eps, twice=True))
    by_eps = [no_eps, *(Suspect("eps-altered", outputs_of(forward), throughout=True) for forward in other_eps)]
    return (*by_eps, *(Suspect(name, outputs_of(forward)) for name, forward in forwards))


def throughout(forwards: list[tuple[str, Callable]]) -> tuple[Suspect, ...]:
    """Some give next to nothing for wide tokens, as an overflow does: they must agree where the student's is right, too."""
    return tuple(Suspect(name, outputs_of(forward), throughout=True) for name, forward in forwards)


BUILD_LAYERNORM = Exercise(
    name="build_layernorm",
    functions=("build_layernorm",),
    outputs=(Output("the output", "tensor"),),
    invoke=invoke_builder("build_layernorm", True),
    reference=outputs_of(layernorm),
    section="build-layernorm",
    checks=(
        Check("values", "Tokens of a usual width", 2, "build-layernorm", LAYER.values),
        Check("epsilon", "ε is the model's, inside the root", 1, "unnoticed-mistakes", LAYER.epsilon),
        Check("few", "Few features", 1, "unnoticed-mistakes", LAYER.few),
        Check("shapes", "Any number of axes before the features", 1, "build-layernorm", LAYER.shapes, "only-3d"),
        Check("far", "Tokens far from zero keep their variance", 1, "unnoticed-mistakes", LAYER.far, "one-pass-variance"),
        Check("half", "float16 and bfloat16 tokens", 1, "real-model-inside", LAYER.half, "half-precision-statistics"),
        Check("corners", "Constant tokens; x is left as it was", 1, "unnoticed-mistakes", LAYER.corners, "nan-on-constant"),
        Check("places", "All norms of MiniLM, built together", 2, "replacing-norms", LAYER.places),
    ),
    suspects=as_suspects(
        layernorm,
        [
            ("rms-for-layernorm", lambda x, w, b, eps: layernorm(x, w, b, eps, centre=False)),
            ("affine-before", affine_first),
            *wrongs(layernorm, True),
        ],
    )
    + throughout(LAYERNORM_FORMULAS)
    + (Suspect("remembered-statistics", remembered(True)),),
    misconceptions=BOTH | LAYERNORM_ONLY,
    forbidden_names=NORMS,
)

BUILD_RMSNORM = Exercise(
    name="build_rmsnorm",
    functions=("build_rmsnorm",),
    outputs=(Output("the output", "tensor"),),
    invoke=invoke_builder("build_rmsnorm", False),
    reference=outputs_of(rmsnorm),
    section="build-layernorm",
    checks=(
        Check("values", "Tokens of a usual width", 1, "build-layernorm", RMS.values),
        Check("epsilon", "ε is the model's, inside the root", 1, "unnoticed-mistakes", RMS.epsilon),
        Check("few", "Few features", 1, "unnoticed-mistakes", RMS.few),
        Check("shapes", "Any number of axes before the features; x is left as it was", 1, "build-layernorm",
              lambda rng: RMS.shapes(rng) + RMS.corners(rng)[1:], "only-3d"),
        Check("half", "float16 and bfloat16 tokens, one massive feature", 1, "real-model-inside", RMS.half, "half-precision-statistics"),
        Check("places", "All norms of SmolLM2, built together", 1, "replacing-norms", RMS.places),
    ),
    suspects=as_suspects(
        rmsnorm,
        [
            ("mean-subtracted", lambda x, w, b, eps: layernorm(x, w, b, eps)),
            *wrongs(rmsnorm, False),
        ],
    )
    + throughout(RMSNORM_FORMULAS)
    + (Suspect("remembered-statistics", remembered(False)),),
    misconceptions=BOTH | RMSNORM_ONLY,
    forbidden_names=NORMS,
)  # fmt: skip

# fails ----------------------------------------------------------------------------------------


def claimed(x, weight, bias, eps, *, centre=True, axes=-1, ddof=0, outside=False, one_pass=False, statistics=None, scale="weight", shift=True):
    """A norm that claims to be LayerNorm. Right by default, with statistics in float32 or better."""
    wide = statistics or ("float64" if x.dtype == np.float64 else "float32")
    z = x.astype(wide)
    count = z.size if axes is None else np.prod([z.shape[a] for a in np.atleast_1d(axes)])
    mean = z.mean(axes, keepdims=True, dtype=wide) if centre else np.zeros((), wide)
    if one_pass:
        square = (z * z).mean(axes, keepdims=True, dtype=wide) - mean * mean
    else:
        square = ((z - mean) ** 2).sum(axes, keepdims=True, dtype=wide) / wide_type(wide)(max(count - ddof, 1))
    root = np.sqrt(square) + wide_type(wide)(eps) if outside else np.sqrt(square + wide_type(wide)(eps))
    y = (z - mean) / root
    factor = {"weight": weight, "one": np.ones_like(weight), "one plus": 1 + weight}[scale]
    return (y * factor + (bias if shift else 0)).astype(x.dtype)


def wide_type(name):
    return np.dtype(name).type


def welford(x, weight, bias, eps):
    z = x.astype("float64")
    mean, square = np.zeros(z.shape[:-1]), np.zeros(z.shape[:-1])
    for i in range(z.shape[-1]):
        delta = z[..., i] - mean
        mean = mean + delta / (i + 1)
        square = square + delta * (z[..., i] - mean)
    rstd = 1 / np.sqrt(square / z.shape[-1] + eps)
    return ((z - mean[..., None]) * rstd[..., None] * weight + bias).astype(x.dtype)


def one_after_another(x, weight, bias, eps):
    """float32 sums, one feature after another: the least accurate norm that still is right."""
    z = x.astype("float32")
    mean = np.cumsum(z, -1, dtype="float32")[..., -1:] / np.float32(z.shape[-1])
    square = np.cumsum((z - mean) ** 2, -1, dtype="float32")[..., -1:] / np.float32(z.shape[-1])
    return ((z - mean) / np.sqrt(square + np.float32(eps)) * weight + bias).astype(x.dtype)


@dataclass
class Claim:
    """A norm that the student's test examines: what it computes, and whether it is wrong. Counts its calls."""

    compute: Callable
    wrong: bool
    calls: int = field(default=0, compare=False)
    refused: str = field(default="", compare=False)

    def __call__(self, x, weight, bias, eps):
        self.calls += 1
        self.refused = self._refusal(x, weight, bias, eps)
        if self.refused:
            raise ValueError(self.refused)
        with np.errstate(all="ignore"):
            return np.asarray(self.compute(x, weight, bias, float(eps)))

    def _refusal(self, x, weight, bias, eps) -> str:
        """Return why a call is not answered."""
        arrays = (x, weight, bias)
        if self.calls > MAX_CALLS:
            return f"it was called more than {MAX_CALLS} times"
        number = isinstance(eps, int | float | np.number) or isinstance(eps, np.ndarray) and eps.ndim == 0
        if not all(isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in arrays) or not number:
            return "norm(x, weight, bias, eps) takes three NumPy arrays of floating-point numbers and a number"
        if x.ndim == 0 or weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]:
            return "weight and bias have the shape (d,), and x ends in d"
        return f"x has more than {MAX_NUMBERS} numbers" if x.size > MAX_NUMBERS else ""


def right(compute: Callable = claimed, words: str = "a right norm", **more) -> Case:
    return Case((Claim(compute, False),), words, control=True, **more)


def wrong(words: str, **mistake) -> Case:
    return Case((Claim(lambda *args: claimed(*args, **mistake), True),), words)


def fixed_eps(x, weight, bias, eps):
    return claimed(x, weight, bias, 1e-5)


def own_dtype(x, weight, bias, eps):
    return claimed(x, weight, bias, eps, statistics=x.dtype.name)


def no_eps(x, weight, bias, eps):
    return claimed(x, weight, bias, 0.0)


def right_norms(rng):
    return [
        right(),
        right(welford, "a right norm (Welford's update)"),
        right(one_after_another, "a right norm (float32 sums, one feature after another)"),
        right(lambda *args: claimed(*args, statistics="float64"), "a right norm (statistics in float64)"),
        wrong("RMSNorm in LayerNorm's place", centre=False),
    ]


def weight_mutants(rng):
    return [
        right(),
        wrong("a norm without its weight", scale="one"),
        wrong("a norm that multiplies by 1 + weight", scale="one plus"),
        wrong("a norm without its bias", shift=False),
    ]


def axis_mutants(rng):
    return [
        right(),
        wrong("a norm over the first axis", axes=0),
        wrong("a norm over the tokens", axes=-2),
        wrong("a norm over the whole array", axes=None),
    ]


def eps_mutants(rng):
    return [
        right(),
        Case((Claim(no_eps, True),), "a norm without ε"),
        wrong("a norm with ε outside the root", outside=True),
        Case((Claim(fixed_eps, True),), "a norm with an ε of its own, 1e-5"),
    ]


def invoke_fails(student: Student, case: Case) -> Reply:
    norm = Claim(case.args[0].compute, case.args[0].wrong)
    reply = student.call("fails", norm)
    if reply.problem and "unexpected keyword argument" in reply.problem:
        norm.calls = 0
        reply = renamed(student.call("course_fails", norm), "fails", "course_fails")
    if reply.problem and norm.refused:
        said = f"the norm did not answer a call from `fails`: {norm.refused}"
        return Reply(problem=said, brief=said, error_type=reply.error_type, sign="too-many-calls" if norm.calls > MAX_CALLS else "no-arrays")
    if reply.problem:
        return replace(reply, sign="asserts") if reply.error_type == "AssertionError" else reply
    if not isinstance(reply.value, (bool, np.bool_)):
        said = "returned something else; expected True or False"
        return Reply(problem=said, brief=said, error_type=Kind.of(reply.value), sign=None if reply.value is None else "no-verdict")
    return Reply((float(reply.value),))


def survivor(name: str, hint: str, section: str = "unnoticed-mistakes") -> Misconception:
    return Misconception(name, hint, section)


def in_any_order(*checks: Check) -> tuple[Check, ...]:
    """Draw the order of each check's cases: there are two answers, and a list of them by heart would do."""

    def drawn(cases: Callable, rng: np.random.Generator) -> list[Case]:
        found = cases(rng)
        return [found[i] for i in rng.permutation(len(found))]

    return tuple(replace(check, cases=partial(drawn, check.cases)) for check in checks)


FAILS = Exercise(
    name="fails",
    functions=("fails",),
    outputs=(Output("the verdict", "verdict"),),
    invoke=invoke_fails,
    reference=lambda norm: (float(norm.wrong),),
    section="unnoticed-mistakes",
    checks=in_any_order(
        Check("right_norms", "Accuses no right norm, and RMSNorm", 2, "unnoticed-mistakes", right_norms, "accuses-nobody"),
        Check("weights", "Finds norms with a wrong weight or bias", 1, "what-breaks-what", weight_mutants, "ordinary-weights"),
        Check("axes", "Finds norms over a wrong axis", 1, "what-breaks-what", axis_mutants, "one-shape"),
        Check("epsilon", "Finds norms with a wrong ε", 1, "unnoticed-mistakes", eps_mutants, "ordinary-eps"),
        Check("divisor", "Finds division by d − 1", 1, "unnoticed-mistakes",
              lambda rng: [right(), wrong("a norm that divides by d − 1", ddof=1)], "many-features"),
        Check("digits", "Finds a one-pass variance", 1, "unnoticed-mistakes",
              lambda rng: [right(), right(one_after_another, "a right norm (float32 sums)"), wrong("a norm with a one-pass variance", one_pass=True)],
              "no-offset"),
        Check("half", "Finds statistics in float16", 1, "real-model-inside",
              lambda rng: [right(), Case((Claim(own_dtype, True),), "a norm with statistics in x's own dtype")], "one-dtype"),
    ),
    suspects=(
        Suspect("accuses-right-ones", lambda norm: (1.0,)),
        Suspect("verdict-inverted", lambda norm: (1.0 - norm.wrong,), throughout=True),
    ),
    # (Verdicts are True or False: an answer that was given before is no sign of anything.)
    misconceptions={name: m for name, m in common("unnoticed-mistakes").items() if name != "cached-answer"}
    | named(
        survivor("library-call", "PyTorch's own norms do not run here. Compute what is right yourself, in float64, from the formula."),
        survivor("verdict-inverted", "The verdicts are the wrong way round: True means that the norm is wrong."),
        survivor("asserts", "`assert` raises an error where the contract asks for an answer. Compare, and return True if anything is wrong."),
        survivor("no-verdict", "The answer is True or False: `bool(…)` makes one of a number."),
        survivor("no-arrays", "The norm takes NumPy arrays of floating-point numbers, such as `np.array(…, dtype=\"float32\")`: no lists, no integers, "
                 "no tensors. weight and bias have the shape (d,)."),
        survivor("too-many-calls", "A few well-chosen inputs find more than hundreds of ordinary ones."),
        survivor("accuses-right-ones", "A right norm is accused. Right norms round: allow 1e-3 of the largest output, 1e-2 for float16, and "
                 "compare with a reference in float64."),
        survivor("accuses-nobody", "Not even RMSNorm is found. Give tokens whose mean is not 0 and compare with LayerNorm's formula."),
        survivor("ordinary-weights", "With weight 1 and bias 0 these norms are right. Give both random values of mixed signs.", "what-breaks-what"),
        survivor("one-shape", "A wrong axis got past the test. Give x three axes of different lengths, and tokens that differ.", "what-breaks-what"),
        survivor("ordinary-eps", "A wrong ε got past the test: with a tiny ε and tokens of spread 1 it makes no difference. Give an ε of the "
                 "size of the variance."),
        survivor("many-features", "Division by d − 1 got past the test: with many features it is off by less than any tolerance. Use few."),
        survivor("no-offset", "A one-pass variance got past the test: around zero no digits cancel. Give float32 tokens around 10,000. Or the output "
                 "was NaN, and no comparison with NaN is true: ask `not error < tolerance`."),
        survivor("one-dtype", "Statistics in float16 got past the test. Give float16 tokens of several hundred.", "real-model-inside"),
    ),
)  # fmt: skip

QUIZ = Quiz(
    name="quiz_7_real_model",
    variable="answers",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "A perplexity of 1 means certainty: the right token always had probability 1.",
                "b": "ln V is the loss. The perplexity is its exponential.",
                "d": "Every token has probability 1/V, which is not 0: nothing is infinite.",
            },
            "what-breaks-what",
        ),
        Question(
            "q2", "b",
            {
                "a": "The header lists name, shape and dtype of each array.",
                "c": "γ and β are arrays like the others. What is not an array, such as ε, stands in the configuration.",
                "d": "The header lists it.",
            },
            "models-in-packages",
        ),
        Question(
            "q3", "d",
            {
                "a": "The function looks `p` up when it is called, not when it is made.",
                "b": "`p` still exists after the loop, with its last value.",
                "c": "One norm has one set of weights; it is the wrong one.",
            },
            "replacing-norms",
        ),
        Question(
            "q4", "c",
            {
                "a": "A wrong divisor did this. That it fell says how little the perplexity knows of one norm.",
                "b": "The model was trained with division by d. One text at 0.08 % is no reason to change a formula.",
                "d": "Four standard errors are well measured. It is the conclusion that fails.",
            },
            "unnoticed-mistakes",
        ),
    ),
)  # fmt: skip

TOPIC = Topic(
    stem="7_real_model",
    exercises=(BUILD_LAYERNORM, BUILD_RMSNORM, FAILS),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("tensorflow", "keras", "jax", "flax", "transformers", "scipy", "onnx", "onnxruntime"),
        libraries=("torch",),
        operators=OPERATORS,
    ),
    prelude=PRELUDE,
)
