"""What several exercises of this topic share."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from autograder import reading, source_code
from autograder.exercise import Case
from autograder.exercises.misconceptions import common, half_not_root, in_section, named
from autograder.exercises.norm_parts import centred_by, dbeta_of, dgamma_of, mean, over_tokens, tokens
from autograder.student import Kind, Reply, Student
from autograder.student_side import wire

EPS = 1e-5
POWERS_OF_TWO = (2, 64)
SIZES = (3, 5, 7, 768, 1000)
TOKENS = np.array([[-3.0, 3.0, 5.0, 11.0], [0.0, 0.0, 4.0, 4.0]])
RMS_TOKENS = np.array([[1.0, -1.0, 7.0, 7.0], [2.0, 2.0, 2.0, -2.0]])
GAMMA = np.array([2.0, 1.0, 0.5, 1.5])
DY = np.array([[0.0, 2.0, -2.0, 2.0], [1.0, 0.0, 2.0, 0.0]])
GAMMA_WORDS, DY_WORDS = "γ = (2, 1, 0.5, 1.5), dy = (0, 2, -2, 2)", " and (1, 0, 2, 0)"
DX, PARAMETERS = (0,), (1, 2)  # positions among the outputs


# misconceptions ---------------------------------------------------------------------------------

BACKWARD = (
    common("what-to-cache")
    | named(half_not_root("what-to-cache", written="`** 1/2`, or `** -3/2`,"))
    | in_section(
        "what-to-cache",
        {
            "float64-result": "The results are wider than the arrays of the call. They keep those arrays' dtype: float32 in, "
            "float32 out, and float16, where it is allowed, in and out. Finish with `.astype(dy.dtype)`.",
            "divided-by-gamma": "Something was divided by γ, to win back x̂ from y or dy from g. A γ may be 0, and 0/0 is NaN: "
            "keep what you need in the cache.",
            "y-for-xhat": "y stands where x̂ belongs. The formulas are written in x̂, which γ has not multiplied yet: keep x̂ in "
            "the cache, or what it is made of.",
            "xhat-wrong": "The backward pass works with an x̂ that is not normalised. It is what γ multiplied in the forward "
            "pass: divided by the root (or multiplied by its reciprocal), and in LayerNorm with the mean subtracted before.",
            "forward-wrong": "The forward that stands here gives another y than the norm does, so this is the gradient of "
            "another function. Mend it first: the checks of assignment 2 say what is wrong with it.",
            "cache-order": "The backward takes the cache apart in another order than the forward put it together, so that its "
            "names stand for other things. Copy the line.",
            "arguments-swapped": "The backward is called with dy first and the cache second, and here its first parameter is the "
            "cache. (PyTorch's `backward` is given `ctx` first.)",
            "cache-mutated": "The first backward is right, a second one with the same cache is not: the first wrote into the "
            "cache. Look for `*=`, `-=`, `pop` on what came out of it.",
            "global-state": "With two forward passes before the backward ones, the backward uses the wrong pass's values: they "
            "are kept outside the cache. All that the backward needs travels in `cache`.",
            "half-precision-statistics": "The statistics were computed in float16, which ends at 65,504: the square of 256 is "
            "infinite there. Convert to float32 or float64 first, and back to x's dtype at the end.",
            "memory-order": "It is right for contiguous arrays only: the code walks through memory where it should go by axes. "
            "Keep to axes and to the default order of `reshape`.",
        },
    )
    | in_section(
        "gradient-of-gamma-beta",
        {
            "keepdims-missing": "A mean in dx lost its axis, so NumPy lines it up with the features: mostly an error, and "
            "silently wrong when there are as many tokens as features. Reduce with `keepdims=True`.",
            "product-split": "A product of two means, or of two sums, stands where the mean or sum of a product belongs. "
            "Multiply entry by entry first: mean(g ⊙ x̂), and Σ dy ⊙ x̂.",
            "dgamma-without-xhat": "dγ is the sum of dy alone. γ multiplies x̂, so x̂ is a factor of its gradient: dγ = Σ dy ⊙ "
            "x̂.",
            "extra-axis": "The values are right but the shape keeps axes of length 1. The gradient of a vector of shape (d,) has "
            "shape (d,): drop `keepdims=True` there.",
            "dx-wrong-axis": "A mean in dx runs over the tokens. The statistics belong to one token, so its gradient mixes only "
            "its own features: `axis=-1`.",
            "divided-by-batch": "There is a division by the number of tokens. In dx the means run over the d features, so d "
            "stands there; dγ and dβ are sums, not means (a mean over tokens, if the loss has one, is inside dy already).",
            "matrix-product": "`@`, or `dot`, pairs every feature with every other, or every token. γ and x̂ belong together "
            "entry by entry: `*`, then a sum or a mean.",
            "dgamma-wrong-axis": "γ and β serve every token, so their gradients are summed over every axis but the last, however "
            "many there are, and have shape (d,).",
            "dgamma-uses-x": "dγ was formed with x or with the deviations. What γ multiplies is the normalised value: dγ = Σ dy "
            "⊙ x̂.",
            "dgamma-uses-g": "γ has got into its own or β's gradient. There it is dy that is summed, not g = dy ⊙ γ.",
            "only-2d": "It works for x with two axes only. The features are the last axis; before it there may be any number of "
            "axes, and none at all for a single token.",
        },
    )
    | in_section(
        "two-components",
        {
            "multiplied": "dx was multiplied by what x̂ was divided by, or divided by its reciprocal. Divide by the root, or "
            "multiply by `rstd` if that is what the cache holds.",
            "missing-parentheses": "Python divides and multiplies before it subtracts, so only one term of dx was divided by the "
            "root. Put all terms in parentheses, and divide them together.",
            "divided-by-variance": "dx is divided by the number under the root, the variance or the mean square with its ε. "
            "Divide by the root.",
            "xhat-missing": "The correction along x̂ is x̂ · mean(g ⊙ x̂), and one of its factors is missing. The mean says how "
            "much of g lies along x̂, the x̂ before it which direction is taken away.",
            "not-averaged": "g ⊙ x̂ was not averaged. The correction along x̂ has one number a token, mean(g ⊙ x̂), times x̂.",
            "dx-uses-x": "x or x − mean stands in dx where x̂ belongs. The correction along x̂ is made of the normalised values, "
            "both in the mean and before it: keep x̂ in the cache, or compute it from what is there. (In terms of x and x − mean "
            "this is a matter of powers: one division by the root for each of them, and one more for the whole. In RMSNorm it is "
            "also what comes out when only g was divided by the root: put all terms in parentheses.)",
            "correction-sign": "A correction was added where it is subtracted: dx is what is left of g when a component is taken "
            "away.",
            "measured-gradient": "dx was measured, by small steps of the forward pass: along the imaginary axis, or so that it "
            "is lost beside far larger numbers. That is for checking a backward. The formula needs no step, and a few sums for "
            "each token.",
        },
    )
    | in_section(
        "why-not-constants",
        {
            "sign-reversed": "The sign of the gradient is turned round. It says how the loss grows; the step against it is the "
            "optimiser's.",
        },
    )
    | in_section(
        "gradient-by-graph",
        {
            "dx-is-g": "dx is g = dy ⊙ γ, which is what arrives at x̂. The way back through the normalisation is missing: what "
            "is subtracted from g, and the division by the root.",
            "dy-for-g": "dy stands in one part of dx where g belongs. Form g = dy ⊙ γ once, and use it in every term.",
            "gamma-twice": "γ was multiplied on twice. g = dy ⊙ γ holds it already.",
            "factor-of-two": "The correction along x̂ is twice or half of what it should be. On the path through the variance "
            "the square gives a factor 2 and the root a factor ½, which cancel: one of them got lost.",
            "divided-by-d-twice": "A correction in dx is too small by a factor d: a mean is the sum divided by d already, and it "
            "was divided once more.",
            "gamma-ignored": "γ does not appear in dx. The gradient that reaches x̂ is g = dy ⊙ γ.",
        },
    )
    | in_section(
        "gradient-by-jacobian",
        {
            "d-forgotten": "A factor d got lost. With sums in place of means dx is (d·g − …)/(d·σ): d stands before g and in the "
            "denominator. With means it stands nowhere.",
            "sum-for-mean": "A correction uses a sum over the features where a mean belongs: divide it by d.",
            "gamma-outside-means": "γ was multiplied on at the end. It differs from feature to feature, so it can't be taken out "
            "of the means: form g = dy ⊙ γ first.",
            "power-of-two-only": "It is right for widths that are powers of two and wrong for others. Halving a row drops a "
            "feature when the count is odd.",
        },
    )
    | in_section(
        "backward-epsilon",
        {
            "full-projection": "The component along x̂ was removed entirely, by dividing by Σx̂². The mean divides by d. The two "
            "agree for ε = 0 only: with ε the output still responds a little along x̂.",
            "eps-missing": "ε is missing in the backward pass. Every σ is the stabilised one that the forward pass divided by; "
            "keep that one, or its reciprocal, in the cache.",
            "eps-fixed": "A fixed ε stands where the argument of the forward pass belongs. Keep what was used, not a usual "
            "value.",
            "eps-outside-root": "ε was added to the root. It belongs inside: the root of (… + ε).",
        },
    )
)


# references -------------------------------------------------------------------------------------


class Pass(NamedTuple):
    """What the formulas of a backward pass are written in; ``s`` is what x̂ was divided by."""

    x: np.ndarray
    gamma: np.ndarray
    dy: np.ndarray
    g: np.ndarray
    xhat: np.ndarray
    s: np.ndarray


def rms_by(x, eps):
    """RMSNorm's x̂ and r."""
    s = np.sqrt(mean(x**2) + eps)
    return x / s, s


def along(p: Pass) -> np.ndarray:
    """How much of g lies along x̂."""
    return mean(p.g * p.xhat)


def mean_of_g(p: Pass) -> np.ndarray:
    return mean(p.g)


def backward_by(
    statistics,
    first,
    recomputed=lambda p: (p.xhat, p.s),
    g=lambda p: p.g,
    leading=lambda p: p.g,
    second=lambda p: p.xhat * along(p),
    joined=lambda p, a, b, c: (a - b - c) / p.s,
    dgamma=dgamma_of,
    dbeta=dbeta_of,
):
    """Return a norm's backward, or one in which some parts are others.

    Parts: x and ε → x̂ and what it was divided by; a pass → the same two as dx uses them; its g; then, with these, the three
    terms of dx: what the two corrections are subtracted from, the first (LayerNorm's alone) and the second; all that → dx.
    """

    def backward(x, gamma, *others) -> tuple:
        *_, eps, dy = others
        p = Pass(x, gamma, dy, dy * gamma, *statistics(x, eps))
        xhat, s = recomputed(p)
        in_dx = p._replace(g=g(p), xhat=xhat, s=s)
        return joined(in_dx, leading(in_dx), first(in_dx), second(in_dx)), dgamma(p), dbeta(p)

    return backward


def exact(backward):
    """Do it in extended precision."""

    def wide(*args) -> tuple:
        return backward(*(a.astype(np.longdouble) if isinstance(a, np.ndarray) else a for a in args))

    return wide


# cases ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Calls(Case):
    """A case of a backward pass, whose args are those of the forward pass and dy.

    before: what happens before the call that counts. "another dy" and "the same dy" call the backward
        once with the same cache; "another forward" calls the forward with ``other`` in between.
    by_formula: whether a backward fails that computes with complex numbers. A step along the imaginary axis can be so small
        that its slopes have all the digits of the formula.
    """

    before: str = ""
    other: tuple = ()
    by_formula: bool = False


class Norm:
    """Draws a norm's cases: LayerNorm has γ and β, RMSNorm γ alone."""

    def __init__(self, name: str, has_beta: bool) -> None:
        self.name = name
        self.has_beta = has_beta
        self.statistics = centred_by if has_beta else rms_by

    def arguments(self, rng, x, eps, dtype="float64") -> tuple:
        """(x, γ[, β], ε, dy): γ of mixed signs, 0.5 ≤ |γ| ≤ 2; dy random."""
        d = x.shape[-1]
        gamma = rng.uniform(0.5, 2.0, size=d) * rng.choice([-1, 1], size=d)
        beta = (rng.normal(size=d),) if self.has_beta else ()
        # A common part keeps the mean of dy from vanishing by chance.
        dy = rng.normal(size=x.shape) + rng.choice([-0.5, 0.5])
        narrow = [a.astype(dtype) for a in (x, gamma, *beta, dy)]
        return (*narrow[:-1], eps, narrow[-1])

    def without_some_gamma(self, rng, shape) -> Calls:
        """Every other γ is 0."""
        drawn = self.case(rng, shape, " and γ = 0 in places")
        drawn.args[1][::2] = 0.0
        return drawn

    def case(self, rng, shape, kind="", *, x=None, location=None, spread=None, eps=EPS, dtype="float64", **more) -> Calls:
        x = tokens(rng, shape, location, spread) if x is None else x
        more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True, "may_change": True} | more
        return Calls(self.arguments(rng, x, eps, dtype), f"x of shape {shape}{kind}", **more)

    def shown(self, rows=2, eps=EPS, words="", **more) -> Calls:
        """The worked example of the notebook."""
        x = (TOKENS if self.has_beta else RMS_TOKENS)[:rows]
        beta = (np.zeros(4),) if self.has_beta else ()
        more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True, "may_change": True} | more
        return Calls((x, GAMMA, *beta, eps, DY[:rows]), words or f"the worked example ({GAMMA_WORDS}{DY_WORDS})", public=True, **more)

    # checks. In one with a telltale the controls have two axes and a width that is no power of two, so
    # that "two axes only" and "powers of two only" fail them, and are not taken for what it says.

    def dx(self, rng):
        out = [self.shown(judged=DX)] + [self.case(rng, shape, judged=DX, control=True) for shape in ((4, 7), (5, 5), (6, 3))]
        return [*out, self.apart(rng, among_features=True), self.apart(rng, among_features=False)]

    def apart(self, rng, among_features) -> Calls:
        """Features of a token, or tokens, that are 10¹² apart: nothing to the formula, and lost in a difference of two forward passes.

        A fixed step is lost beside a large feature, and one in proportion to its own feature beside a larger one. A step in
        proportion to the token's spread is as exact as the formula in float32, unless the outputs hold what the slopes do not
        depend on: β, or in their sum another token's loss.
        """
        if among_features:
            x = tokens(rng, (4, 6))
            x[:, 0] *= 1e12
            drawn = self.case(rng, x.shape, " whose features are 10¹² apart", x=x, atol=1e-16, judged=DX, by_formula=True)
        else:
            spread = np.array([[1e12], [4.0], [1e12], [5.0]])
            words = " whose tokens are 10¹² apart"
            drawn = self.case(rng, (4, 6), words, location=0.0, spread=spread, judged=DX, by_formula=True)
            drawn.args[-1][:] *= np.where(spread > 1e6, spread, 1.0)  # so that all slopes are of order 1
        if self.has_beta:
            drawn.args[2][:] *= 1e10  # x̂ = (y − β)/γ keeps six digits, and has a check of its own
        return drawn

    def parameters(self, rng):
        out = [self.shown(judged=PARAMETERS)]
        return out + [self.case(rng, shape, judged=PARAMETERS) for shape in ((3, 7), (6, 6), (7, 3))]

    def axes(self, rng):
        shapes = [(9,), (1000,), (2, 3, 5), (3, 3, 3), (2, 1, 768), (2, 3, 2, 7), (2, 2, 1, 64), (2, 1, 3, 2, 5), (1, 1, 6)]
        return [self.case(rng, (4, 6), control=True)] + [self.case(rng, shape) for shape in shapes]

    def sizes(self, rng):
        return [self.case(rng, (3, d), control=True, judged=DX) for d in POWERS_OF_TWO] + [
            self.case(rng, (4, d), judged=DX) for d in SIZES
        ]

    def epsilon(self, rng):
        quiet = {"spread": 1e-3, "atol": 0.03} if self.has_beta else {"location": 0.0, "spread": 1e-3, "atol": 0.03}
        words = f"the first token of the worked example ({GAMMA_WORDS}) with ε = 11"
        return [
            self.shown(1, 11.0, words, judged=DX),
            self.case(rng, (4, 5), " with ε = 0.1", spread=0.4, eps=0.1, judged=DX),
            self.case(rng, (3, 6), " with ε = 0.1", spread=1.0, eps=0.1, judged=DX),
            self.case(rng, (3, 7), " with a spread of 0.001", eps=4 * EPS, judged=DX, **quiet),
        ]

    def offset(self, rng):
        out = [self.case(rng, (4, 7), control=True, judged=DX)]
        for c, allowed in ((1e3, 0.01), (1e4, 0.05)):
            kind = f" in float32 around {c:.0f}"
            out.append(self.case(rng, (5, 24), kind, location=c, spread=1.0, dtype="float32", atol=allowed, judged=DX))
        return out

    def corners(self, rng):
        flat = tokens(rng, (5, 7))
        # Levels whose squares add up without rounding: one pass is right here, and judged elsewhere.
        flat[1], flat[3] = rng.choice([-3.5, -2.0, 1.5, 4.0], size=(2, 1)) if self.has_beta else (0.0, 0.0)
        constant = " in which two tokens are " + ("constant" if self.has_beta else "zero")
        quiet = {"spread": 1e-3} if self.has_beta else {"location": 0.0, "spread": 1e-3}
        return [
            self.case(rng, (4, 7), control=True),
            self.case(rng, (5, 7), constant, x=flat, atol=0.03),
            self.case(rng, (6, 1)),
            self.without_some_gamma(rng, (4, 6)),
            self.case(rng, (3, 5), " with a spread of 0.001", atol=0.03, control=True, **quiet),
        ]

    def half(self, rng):
        return [
            self.case(rng, (4, 7), control=True),
            self.case(rng, (4, 24), " in float16, several hundred", location=600.0, spread=300.0, dtype="float16", atol=0.05, rtol=0.01),
        ]

    def dtype(self, rng):
        more = {"dtype": "float32", "any_dtype": False}
        out = [
            self.case(rng, (4, 7), control=True, any_dtype=False),
            self.case(rng, (3, 5), " in float32", **more),
            self.case(rng, (6, 9), " in float32", **more),
        ]
        if self.has_beta:  # the contract of RMSNorm has no float16
            narrow = {"dtype": "float16", "any_dtype": False, "atol": 0.05, "rtol": 0.01}
            out.append(self.case(rng, (4, 10), " in float16", **narrow))
        return out

    def twice(self, rng):
        return [
            self.case(rng, (3, 11), control=True),
            self.case(rng, (3, 11), " and a second backward with another dy", before="another dy"),
            self.case(rng, (5, 13), " and a second backward with the same dy", before="the same dy"),
        ]

    def interleaved(self, rng):
        other = self.arguments(rng, tokens(rng, (3, 14)), 0.1)[:-1]
        same_shape = self.arguments(rng, tokens(rng, (4, 13)), EPS)[:-1]
        kind = " with another forward before its backward"
        return [
            self.case(rng, (4, 13), control=True),
            self.case(rng, (4, 13), kind, before="another forward", other=same_shape),
            self.case(rng, (4, 13), kind, before="another forward", other=other),
        ]

    def layout(self, rng):
        out = [self.case(rng, (4, 7), control=True)]
        for shape in ((5, 9), (7, 5)):
            drawn = self.case(rng, shape, ", not contiguous in memory")
            args = tuple(wire.Strided(a) if isinstance(a, np.ndarray) and a.ndim > 1 else a for a in drawn.args)
            out.append(Calls(args, drawn.words, atol=1e-4, rtol=1e-4, any_dtype=True, may_change=True))
        return out

    def untouched(self, rng):
        return [self.case(rng, shape, may_change=False) for shape in ((4, 7), (3, 5), (6, 2))]


def invoke_backward(norm: Norm, expected: str, length: int):
    forward, backward = f"{norm.name}_forward", f"{norm.name}_backward"

    def run_forward(student: Student, args: tuple) -> Reply:
        reply = student.call(forward, *args, keep=(1,))
        return reading.as_tuple(reply, f"(y, cache) from `{forward}`", 2)

    def invoke(student: Student, case: Calls) -> Reply:
        *inputs, dy = case.args
        if case.by_formula and source_code.computes_in_complex(student.cells, (forward, backward)):
            said = f"`{backward}` computes with complex numbers"
            return Reply(problem=said, brief=said, error_type=Kind.UNMET, sign="measured-gradient")
        first = run_forward(student, inputs)
        if first.problem:
            return first
        cache = first.value[1]
        earlier = None
        if case.before == "another forward":
            earlier = run_forward(student, case.other)
        elif case.before == "another dy":
            earlier = student.call(backward, 2.0 - dy, cache)
        elif case.before == "the same dy":
            earlier = student.call(backward, dy, cache)
        if earlier is not None and earlier.problem:
            return earlier
        reply = reading.as_tuple(student.call(backward, dy, cache), f"{expected} from `{backward}`", length)
        if reply.problem:
            # y is judged in assignment 2; what is no array at all was meant for the cache.
            swapped = isinstance(first.value[0], (tuple, list, dict))
            return replace(reply, sign="outputs-swapped" if swapped else of_source(student) or reply.sign)
        changed, warnings = first.changed + reply.changed, first.warnings + reply.warnings
        return Reply(reply.value, changed=changed, warnings=warnings, suspicion=lambda: of_source(student) or of_y(first.value[0], case))

    def of_source(student: Student) -> str | None:
        """Suspect how the cache travels, by what the source says of it."""
        if source_code.takes_first(student.cells, backward) in ("cache", "ctx"):
            return "arguments-swapped"
        return "cache-order" if source_code.unpacks_in_another_order(student.cells, forward, backward) else None

    def of_y(y: object, case: Calls) -> str | None:
        """Suspect the forward if y is not the norm's. y earns nothing here, and what is no array stands for nothing."""
        x, gamma, *others, eps, _ = case.exact_args()
        xhat, _ = norm.statistics(x, eps)
        right = gamma * xhat + (others[0] if others else 0.0)
        near = {"rtol": 0.02, "atol": 0.02 * np.abs(right).max()}
        if not isinstance(y, np.ndarray) or y.dtype.kind not in "fiu":
            return None
        return None if y.shape == right.shape and np.allclose(y.astype(float), right, **near) else "forward-wrong"

    return invoke


# What goes wrong in both norms: (misconception, what stands in place of the right parts).
SUM = dict(axis=-1, keepdims=True)

# What may stand where a mean over the features belongs.
AVERAGES = (
    ("sum-for-mean", lambda v: v.sum(**SUM)),
    ("divided-by-batch", lambda v: v.sum(**SUM) / len(v)),
    ("dx-wrong-axis", lambda v: mean(v, 0)),
    ("dx-wrong-axis", lambda v: v.mean()),
    ("keepdims-missing", lambda v: v.mean(-1)),
    ("divided-by-d-twice", lambda v: mean(v) / v.shape[-1]),
)


def width(p: Pass) -> int:
    return p.x.shape[-1]


DX_PARTS = (
    ("gamma-outside-means", {"g": lambda p: p.dy, "joined": lambda p, a, b, c: p.gamma * (a - b - c) / p.s}),
    ("gamma-ignored", {"g": lambda p: p.dy}),
    ("gamma-twice", {"joined": lambda p, a, b, c: p.gamma * (a - b - c) / p.s}),
    ("sigma-missing", {"joined": lambda p, a, b, c: a - b - c}),
    ("multiplied", {"joined": lambda p, a, b, c: (a - b - c) * p.s}),
    ("divided-by-variance", {"joined": lambda p, a, b, c: (a - b - c) / p.s**2}),
    ("missing-parentheses", {"joined": lambda p, a, b, c: a - b - c / p.s}),
    ("sign-reversed", {"joined": lambda p, a, b, c: (b + c - a) / p.s}),
    ("divided-by-batch", {"joined": lambda p, a, b, c: (a - b - c) / p.s / len(p.x)}),
    ("d-forgotten", {"joined": lambda p, a, b, c: (a - b - c) / p.s * width(p)}),
    ("dy-for-g", {"leading": lambda p: p.dy}),
    ("dy-for-g", {"second": lambda p: p.xhat * mean(p.dy * p.xhat)}),
    *((name, {"second": lambda p, average=average: p.xhat * average(p.g * p.xhat)}) for name, average in AVERAGES),
    ("correction-sign", {"second": lambda p: -p.xhat * along(p)}),
    ("factor-of-two", {"second": lambda p: 2 * p.xhat * along(p)}),
    ("factor-of-two", {"second": lambda p: p.xhat * along(p) / 2}),
    ("xhat-missing", {"second": along}),
    ("xhat-missing", {"second": lambda p: p.xhat * mean(p.g)}),
    ("not-averaged", {"second": lambda p: p.xhat * p.g * p.xhat}),
    ("dx-uses-x", {"second": lambda p: p.x * mean(p.g * p.x)}),
    ("dx-uses-x", {"second": lambda p: p.x * along(p)}),
    ("dx-uses-x", {"second": lambda p: p.xhat * mean(p.g * p.x)}),
)

# What may stand where a sum over the tokens belongs.
SUMS = (
    ("divided-by-batch", lambda v: over_tokens(v) / (v.size // v.shape[-1])),
    ("divided-by-batch", lambda v: over_tokens(v) / len(v)),
    ("dgamma-wrong-axis", lambda v: v.sum(0)),
    ("dgamma-wrong-axis", lambda v: v.sum(-1)),
    ("dgamma-wrong-axis", lambda v: v.sum()),
    ("dgamma-wrong-axis", lambda v: v),
    ("extra-axis", lambda v: v.sum(tuple(range(v.ndim - 1)), keepdims=True)),
)

DGAMMA_PARTS = (
    *((name, {"dgamma": lambda p, summed=summed: summed(p.dy * p.xhat)}) for name, summed in SUMS),
    ("dgamma-without-xhat", {"dgamma": dbeta_of}),
    ("product-split", {"dgamma": lambda p: over_tokens(p.dy) * over_tokens(p.xhat)}),
    ("dgamma-uses-x", {"dgamma": lambda p: over_tokens(p.dy * p.x)}),
    ("dgamma-uses-g", {"dgamma": lambda p: over_tokens(p.g * p.xhat)}),
)

# What is too rare to be combined with other mistakes.
RARE_PARTS = (
    ("d-forgotten", {"leading": lambda p: p.g / width(p)}),
    ("gamma-twice", {"g": lambda p: p.gamma * p.g}),
    # The first two lengths multiplied, which count the tokens of three axes.
    ("divided-by-batch", {"second": lambda p: p.xhat * along(p) / len(p.x)}),
    ("xhat-missing", {"second": lambda p: p.xhat}),
    ("not-averaged", {"second": lambda p: p.xhat * p.g * p.xhat / width(p)}),
    ("half-not-root", {"second": lambda p: p.xhat * along(p) / (2 * p.s**3)}),  # v ** -3 / 2 for v ** -1.5
    ("full-projection", {"second": lambda p: p.xhat * (p.g * p.xhat).sum(**SUM) / (p.xhat**2).sum(**SUM)}),
    ("matrix-product", {"second": lambda p: p.g @ p.xhat.T @ p.xhat / width(p)}),
    ("matrix-product", {"dgamma": lambda p: p.dy.T @ p.xhat}),
    ("matrix-product", {"dgamma": lambda p: p.xhat.T @ p.dy}),
)


def statistics_parts(statistics) -> tuple:
    """What goes wrong in the statistics of either norm, in both passes or in the backward alone."""

    def outside_root(x, eps):
        xhat, s = statistics(x, eps)
        outside = np.sqrt(np.maximum(s**2 - eps, 0.0)) + eps
        return xhat * s / outside, outside

    def multiplied(x, eps):
        """x̂ with what should divide it as a factor."""
        xhat, s = statistics(x, eps)
        return xhat * s**2, s

    return (
        ("half-not-root", {"statistics": halved(statistics, 0.5)}),
        ("xhat-wrong", {"statistics": multiplied}),
        ("eps-outside-root", {"statistics": outside_root}),
        # The gradient of that other function, in which x̂ is not divided by its own spread.
        ("eps-outside-root", {"statistics": outside_root, "second": lambda p: p.xhat / np.sqrt(mean(p.xhat**2)) * along(p)}),
        ("eps-missing", {"dgamma": lambda p: over_tokens(p.dy * statistics(p.x, 0.0)[0])}),
        *other_eps("eps-missing", statistics, 0.0),
        *other_eps("eps-fixed", statistics, EPS),
    )


def rare_statistics_parts(statistics) -> tuple:
    return (
        ("half-not-root", {"statistics": halved(statistics, 2.0)}),
        *(part for value in (1e-6, 1e-8) for part in other_eps("eps-fixed", statistics, value)),
    )


def halved(statistics, factor: float):
    """x̂ divided by half the number under the root, or by twice that: of its reciprocal, too, `** 1/2` makes a half."""

    def other(x, eps):
        xhat, s = statistics(x, eps)
        return xhat * s / (factor * s**2), factor * s**2

    return other


def other_eps(name: str, statistics, value: float) -> tuple:
    """Another ε in what dx is divided by, in all of dx, in both passes."""
    return (
        (name, {"recomputed": lambda p: (p.xhat, statistics(p.x, value)[1])}),
        (name, {"recomputed": lambda p: statistics(p.x, value)}),
        (name, {"statistics": lambda x, eps: statistics(x, value)}),
    )


def in_order(backward, *places: int):
    """The right results in another order."""

    def imitation(*args) -> tuple:
        results = backward(*args)
        return tuple(results[i] for i in places)

    return imitation


LAYER, RMS = Norm("layernorm", has_beta=True), Norm("rmsnorm", has_beta=False)
