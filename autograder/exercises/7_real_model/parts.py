"""What several exercises of this topic share."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from autograder import reading, tensors
from autograder.exercise import Case, Suspect
from autograder.exercises.misconceptions import common, half_not_root, in_section, named
from autograder.exercises.norm_parts import mean, mean_square, norm_by, nothing, total
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Kind, Reply, Student

TINY = 1e-12

ACTIVATIONS = Path(__file__).parent / "activations.npz"


# misconceptions ---------------------------------------------------------------------------------

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


# references -------------------------------------------------------------------------------------


def norms_by(
    read=lambda x, weight, bias: x,
    weigh=lambda weight: weight,
    shift=lambda bias: bias,
    end=lambda y: y,
    **parts,
):
    """Return LayerNorm for one norm or P of them, or one in which some parts are others: those of ``norm_by``, and four more.

    Parts: what is read of x, the weight and the bias; the weight and the bias that are used; what comes back.
    """
    norm = norm_by(**parts)

    def one(x, weight, bias, eps):
        return end(norm(read(x, weight, bias), weigh(weight), shift(bias), eps)[0])

    def imitation(x, weight, bias, eps, *earlier) -> tuple:
        """x: (…, d), or (P, n, d) with the weights of P norms."""
        if weight.ndim == 1:
            return (one(x, weight, bias, eps),)
        return (np.stack([one(*its_own, eps) for its_own in zip(x, weight, bias)]),)

    return imitation


def of_the_last(norm: Callable) -> Callable:
    """All norms with the weights of the one that was built last."""

    def other(x, weight, bias, eps, *earlier):
        last = slice(None) if weight.ndim == 1 else [-1] * len(weight)
        return norm(x, weight[last], bias[last], eps)

    return other


def remembered(centre: Callable) -> Callable:
    """The second call with the statistics of the first."""

    def other(x, weight, bias, eps, *earlier):
        if not earlier:
            return norms_by(centre=centre)(x, weight, bias, eps)
        mu = centre(earlier[0])
        return norms_by(centre=lambda x: mu, spread=lambda x, dev: mean_square(earlier[0] - mu))(x, weight, bias, eps)

    return other


# running ----------------------------------------------------------------------------------------


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


# cases ------------------------------------------------------------------------------------------


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
        largest = float(np.abs(norms_by(centre=mean if self.centre else nothing)(chosen.astype(float), weight, bias, eps)[0]).max())
        whole = Case((chosen, weight, bias, eps), words, atol=1e-5 * max(1.0, largest), rtol=1e-4, any_dtype=True, may_change=True)
        once = self.case(rng, (2, 3, 96))
        again = self.case(rng, (2, 3, 96), ", after another x of that shape")
        other = self.case(rng, (2, 3, 96), size=50.0)
        twice = Case((*again.args, other.args[0]), again.words, atol=1e-4, rtol=1e-4, any_dtype=True, may_change=True)
        return [once, twice, whole]


LAYER, RMS = Norm(centre=True), Norm(centre=False)

# What may stand where the mean over the features belongs.
AVERAGES = (
    ("keepdims-missing", lambda v: v.mean(-1)),
    ("wrong-axis", lambda v: mean(v, -2)),
    ("wrong-axis", lambda v: mean(v, 0)),
    ("wrong-axis", lambda v: mean(v, 1)),
    ("whole-array", lambda v: v.mean()),
    ("whole-array", lambda v: mean(v, (-2, -1))),
    ("divided-by-tokens", lambda v: total(v) / len(v)),
)

# What goes wrong in both norms: (misconception, what stands in place of the right parts).
# Without ε a constant token gives NaN, as others do: these must agree where ε is seen, too.
EPSILON_PARTS = (
    ("eps-missing", {"root": lambda v, e, d: np.sqrt(v)}),
    ("eps-altered", {"root": lambda v, e, d: np.sqrt(v + e**2)}),
    ("eps-altered", {"root": lambda v, e, d: np.sqrt(v + e / d)}),
    ("eps-altered", {"root": lambda v, e, d: np.sqrt(v + e) + e}),
)
COMMON_PARTS = (
    ("weight-ignored", {"weigh": np.ones_like}),
    ("one-plus-weight", {"weigh": lambda weight: 1 + weight}),
    ("eps-outside-root", {"root": lambda v, e, d: np.sqrt(v) + e}),
    ("eps-as-floor", {"root": lambda v, e, d: np.sqrt(np.maximum(v, e))}),
    ("ddof-1", {"spread": lambda x, dev: total(dev**2) / (x.shape[-1] - 1)}),
    *((name, {"spread": lambda x, dev, average=average: average(dev**2)}) for name, average in AVERAGES),
    ("only-3d", {"end": lambda y: y.reshape((1,) * (3 - y.ndim) + y.shape)}),
    ("shape-lost", {"end": lambda y: y.reshape(-1, y.shape[-1])}),
    *(("eps-fixed", {"root": lambda v, e, d, fixed=fixed: np.sqrt(v + fixed)}) for fixed in (1e-5, 1e-6, 1e-8)),
)
# Some give next to nothing for wide tokens, as an overflow does: they must agree where the student's is right, too.
FORMULA_PARTS = (
    ("sum-for-mean", {"spread": lambda x, dev: total(dev**2)}),
    ("not-averaged", {"spread": lambda x, dev: dev**2}),
    ("not-squared", {"spread": lambda x, dev: mean(dev)}),
    ("multiplied", {"quotient": lambda x, mu, s: (x - mu) * s}),
    ("no-root", {"root": lambda v, e, d: v + e}),
    ("half-not-root", {"root": lambda v, e, d: (v + e) / 2}),
    ("half-not-root", {"root": lambda v, e, d: (v + e) * 2}),
    ("absolute-deviation", {"spread": lambda x, dev: mean(np.abs(dev)), "root": lambda v, e, d: v + e}),
    ("absolute-deviation", {"spread": lambda x, dev: mean(np.abs(dev))}),
)


def norm_suspects(build: Callable, centre: Callable, parts: tuple, formulas: tuple) -> tuple[Suspect, ...]:
    """What either norm may become. parts, formulas: what this one may besides, like COMMON_PARTS and FORMULA_PARTS."""
    parts, formulas = COMMON_PARTS + parts, FORMULA_PARTS + formulas
    return (
        *alone(build, EPSILON_PARTS, throughout=True),
        *alone(build, parts),
        Suspect("last-weights", of_the_last(build())),
        *alone(build, formulas, throughout=True),
        Suspect("remembered-statistics", remembered(centre)),
        *together(build, EPSILON_PARTS + parts + formulas),
    )
