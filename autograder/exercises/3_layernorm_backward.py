"""Hidden side of ``3_layernorm_backward``: references, cases, tolerances, checks and misconceptions.

Partial credit. dx and the gradients of the parameters are judged in checks of their own, and sizes, ε
and offsets through dx alone. Tokens have a spread of 3 to 6 and ε = 1e-5, so that whether ε is there,
and where, changes a gradient by less than 2e-5: the plain cases allow 1e-4 and leave ε to its own
check. The smallest error that they must see, d − 1 for d at d = 1000, is 5e-4 of x̂, summed over tokens.
The result's dtype and untouched inputs have checks of their own too.

Tolerances. A computation in float32 throughout is right, also as a loop that adds one feature after another.

- Plain cases: |dx| ≤ |dy·γ|/σ is of order 1, a float32 loop over 1000 features is off by about 1e-5. Allowed: 1e-4.
- ε on a quiet token, σ = 1e-3, σ_ε = 3e-3 or 6e-3: gradients of a few hundred. Allowed: 1e-4 of them, and 0.03;
  without ε they would be three to six times as large.
- Offset c in float32, 24 features around c with spread 1: a loop rounds partial sums of up to 24·c to half an ulp
  each, so the mean is off by up to ulp(24·c)/2 = 1e-3 at c = 1e3 and 8e-3 at 1e4, and dx by that times |g|, about 2.
  Allowed: 0.01 and 0.05. In one pass 1e4 leaves multiples of 8 for a variance of 1.
- float16: x̂, dy·x̂ and the result may each be rounded to 11 bits, four tokens of size up to 9 summed. Allowed: 0.05 + 1 %.
- Numerical gradient. The reference is the central difference itself, at the case's own h. With h = 1e-5 float64
  rounding leaves about u·|L|/h ≤ 1e-8. The plain cases allow 1e-3, where forward differences and any reasonable
  fixed h pass; curved functions (1e-5) and h itself, large or left out (1e-7), have checks of their own. In float32
  nothing of a step of 1e-5 is left at x = 50, whose ulp is 4e-6.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from autograder import reading, source_code
from autograder.exercise import Case, Check, Exercise, Output, Question, Quiz, Suspect, Topic
from autograder.misconceptions import common, half_not_root, in_section, named
from autograder.norm_names import LIBRARIES
from autograder.norm_parts import (
    by_array,
    by_feature,
    centred_by,
    dbeta_of,
    dgamma_of,
    divided_by_gamma,
    layernorm_dx,
    mean,
    not_centred,
    over_tokens,
    smaller_sample,
    tokens,
    with_ddof,
)
from autograder.student import Kind, Reply, Rules, Student
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

# misconceptions -------------------------------------------------------------------------------

NUMERICAL = (
    common("gradient-checking")
    | in_section(
        "gradient-checking",
        {
            "forward-difference": "This is a difference to one side, such as (L(x + h) − L(x))/h. Its error shrinks with h, that "
            "of the central one with h²: step to both sides and divide by 2h.",
            "divided-by-h": "The slopes are twice too large. From x − h to x + h it is 2h: divide by that.",
            "half-slope": "The slopes are half of what they should be. Either only one of the two points moved, or a 2 divides "
            "twice: go to x + h and to x − h, whose distance is 2h, and divide by 2h once.",
            "missing-parentheses": "Python divides and multiplies from left to right, so `/ 2 * h` multiplies by h, and `/ h * "
            "2` by 2. Write `/ (2 * h)`.",
            "not-divided": "This is a difference of two losses, not yet a slope: divide by the distance of the two points, 2h.",
            "sign-reversed": "All slopes have the wrong sign: the value at x + h comes first, and the one at x − h is subtracted "
            "from it.",
            "mean-for-sum": "f(x) * dy was averaged. The loss is its sum: a mean makes every slope smaller, by the number of f's "
            "entries.",
            "step-scaled": "The step depends on the entry: h was multiplied by it. Every entry moves by h itself, up and down.",
            "half-step": "The points stand at x ± h/2. The contract has x ± h, divided by 2h; at h = 0.1 the two differ.",
            "all-at-once": "Several entries of x were moved at the same time, all of them or a whole row, which gives one slope "
            "for them together. Move one entry, leave the others where they are, and go on to the next.",
            "same-array": "All slopes are 0: both values of f come from the same point. Either both steps go the same way, `+=` "
            "twice, or both names stand for one array: `a = x` makes no copy, `x.copy()` does.",
            "return-in-loop": "Only the first slope was measured: `return` stands inside the loop, which therefore ends after "
            "its first round. Indent it no further than the `for`.",
            "dy-outside": "dy was multiplied on at the end, entry by entry. It belongs to the outputs of f, and an entry of x "
            "can move all of them: sum f(x) * dy first, and measure the slope of that.",
            "only-the-last": "Only the last slope is left: the array of slopes is made anew in every round. Make it once, before "
            "the loop.",
            "shape-lost": "The slopes come back in a single row. The gradient has x's shape: `.reshape(x.shape)`.",
            "diagonal-only": "Of each moved entry only the output at the same place was looked at. An entry can move every "
            "output: sum over all of f(x) * dy.",
            "not-restored": "An entry stays moved while the next one is measured. Put the old value back, the stored one, before "
            "you go on.",
            "default-step": "The argument `h` is used, but another value stands in its place when it is not given: the default "
            "is 1e-5.",
            "h-fixed": "The result does not depend on the argument `h`: a fixed step stands in its place. Use the argument.",
            "float32-perturbation-lost": "For a float32 x the step was rounded away: at x = 50 neighbouring float32 numbers are "
            "4e-6 apart, and f's values have 7 digits. Convert x to float64, measure, and convert the result back.",
            "input-mutated": "x comes back changed. (x + h) − 2h + h is often not x in floating point: store the old value and "
            "put it back, or move a copy.",
            "shape-of-dy": "It works only where f(x) has the shape of x. The gradient holds one slope for each entry of x; dy "
            "has the shape of f(x).",
            "only-2d": "It works for x with two axes only. `np.ndindex(x.shape)` walks over the entries of any shape.",
            "memory-order": "It is right for contiguous arrays only. `reshape(-1)` and `ravel()` of any other array give a copy, "
            "so that the step is written where f never looks. Index with `np.ndindex(x.shape)`.",
        },
    )
    | in_section(
        "vacuous-tests",
        {
            "dy-ignored": "`dy` has no part in the result: this is the gradient of sum(f(x)). The loss is sum(f(x) * dy). For "
            "LayerNorm the sum without dy would test nothing.",
        },
    )
)

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

LAYERNORM_ONLY = (
    in_section(
        "why-not-constants",
        {
            "statistics-constant": "This is dy ⊙ γ/σ: mean and standard deviation were taken for constants. Both move with x, "
            "and each adds a term.",
        },
    )
    | in_section(
        "two-components",
        {
            "no-mean-term": "One of the two corrections is missing: the mean of g is not subtracted. A shift of all features "
            "does not change the output, so the entries of dx add up to zero.",
            "no-variance-term": "One of the two corrections is missing: the component along x̂, x̂ · mean(g ⊙ x̂), is not "
            "subtracted. Stretching a token does not change its output, so dx is perpendicular to x̂. (mean(g) · mean(x̂) is no "
            "mean of a product: it is 0.)",
            "sigma-missing": "The final division by σ is missing: an input with twice the spread has half the gradient.",
        },
    )
    | in_section(
        "gradient-of-gamma-beta",
        {
            "dbeta-forgotten": "dβ is zero. β is added to every token's output, so its gradient is the sum of dy over the "
            "tokens.",
            "dbeta-uses-xhat": "dβ was formed with x̂. β is added and multiplies nothing: dβ = Σ dy.",
            "outputs-swapped": "The results stand in the wrong order. The forward pass returns (y, cache), the backward pass "
            "(dx, dγ, dβ).",
            "dgamma-dbeta-swapped": "dγ and dβ are exchanged: return (dx, dγ, dβ).",
            "wrong-axis": "The statistics run over the tokens, feature by feature, as batch norm's do. Each token is normalised "
            "by its own features: reduce over the last axis alone.",
            "whole-array": "One statistic was taken for the whole array. Every token needs its own: give `axis=-1` and "
            "`keepdims=True`.",
        },
    )
    | in_section(
        "rmsnorm-gradient",
        {
            "rms-for-layernorm": "This is RMSNorm's gradient. LayerNorm subtracts the mean, in the forward pass and so in the "
            "backward.",
        },
    )
    | in_section(
        "gradient-by-graph",
        {
            "ddof-1": "A division by d − 1 stands where d belongs. LayerNorm's variance divides by d (`ddof=0`), and so do the "
            "means in its gradient.",
        },
    )
    | in_section(
        "what-to-cache",
        {
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)² subtracts two huge, nearly equal "
            "numbers, in float32 down to multiples of 8 at 1e4. Subtract the mean first, then square.",
        },
    )
    | in_section(
        "backward-epsilon",
        {
            "nan-on-constant": "A token whose features are all equal has x̂ = 0, and so has every token at d = 1. Something is "
            "divided by it or by its spread, and 0/0 is NaN. Divide by the root of variance + ε alone, and cache that.",
        },
    )
)

RMSNORM_ONLY = (
    in_section(
        "rmsnorm-gradient",
        {
            "ddof-1": "A division by d − 1 stands where d belongs. The mean square divides by d: no mean was subtracted, and a "
            "token's features are all there is, not a sample.",
            "layernorm-for-rms": "This is LayerNorm's formula. RMSNorm does not centre, so the mean of g is not subtracted and x "
            "is not centred: only the component along x̂ goes.",
            "statistics-constant": "This is dy ⊙ γ/r: the root mean square was taken for a constant. It moves with x, and adds a "
            "term.",
            "sigma-missing": "The final division by the root mean square is missing: an input twice as large has half the "
            "gradient.",
        },
    )
    | in_section(
        "gradient-of-gamma-beta",
        {
            "outputs-swapped": "The results stand in the wrong order. The forward pass returns (y, cache), the backward pass "
            "(dx, dγ).",
        },
    )
    | in_section(
        "backward-epsilon",
        {
            "nan-on-constant": "A token of zeros has x̂ = 0. Something is divided by it, and 0/0 is NaN. Divide by the root of "
            "mean square + ε alone, and cache that.",
        },
    )
)


# references -----------------------------------------------------------------------------------


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


def rmsnorm_dx(p: Pass) -> np.ndarray:
    return (p.g - p.xhat * mean(p.g * p.xhat)) / p.s


def layernorm(dx=layernorm_dx, dgamma=dgamma_of, dbeta=dbeta_of, statistics=centred_by):
    """Return LayerNorm's backward, or one in which some parts are others."""

    def backward(x, gamma, beta, eps, dy) -> tuple:
        p = Pass(x, gamma, dy, dy * gamma, *statistics(x, eps))
        return dx(p), dgamma(p), dbeta(p)

    return backward


def rmsnorm(dx=rmsnorm_dx, dgamma=dgamma_of, statistics=rms_by):
    """Return RMSNorm's backward, or one in which some parts are others."""

    def backward(x, gamma, eps, dy) -> tuple:
        p = Pass(x, gamma, dy, dy * gamma, *statistics(x, eps))
        return dx(p), dgamma(p)

    return backward


def exact(backward):
    """Do it in extended precision."""

    def wide(*args) -> tuple:
        return backward(*(a.astype(np.longdouble) if isinstance(a, np.ndarray) else a for a in args))

    return wide


def steps(x: np.ndarray, h: float):
    """Yield (x with one entry raised by h, x with it lowered), entry by entry."""
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        yield up, down


def numerical(f, x, dy, h=1e-5) -> tuple:
    """Central differences in extended precision."""
    wide = x.astype(np.longdouble)
    slopes = [((f(up) - f(down)) * dy).sum() / (2 * h) for up, down in steps(wide, h)]
    return (np.array(slopes).reshape(x.shape),)


# cases of the numerical gradient --------------------------------------------------------------


@dataclass(frozen=True)
class Probe:
    """The function that the student differentiates: cubic·u³ + quadratic·u² + u with u = matrix·x.

    It computes in the dtype that it is given, as a layer of the student's own would.
    """

    matrix: np.ndarray
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    cubic: float = 0.0
    quadratic: float = 0.0
    linear: float = 1.0

    def __call__(self, x) -> np.ndarray:
        x = np.asarray(x)
        if x.dtype.kind not in "fiu" or x.shape != self.takes:
            raise ValueError(f"f takes an array of numbers of shape {self.takes}, not {x.dtype.name} of shape {x.shape}")
        own = x.dtype if x.dtype.kind == "f" else np.dtype("float64")
        with np.errstate(all="ignore"):
            u = self.matrix.astype(own) @ x.reshape(-1).astype(own)
            return (own.type(self.cubic) * u**3 + own.type(self.quadratic) * u**2 + own.type(self.linear) * u).reshape(self.gives)


def probe_case(rng, takes: tuple, gives: tuple | None = None, h: float | None = None, kind: str = "", **more) -> Case:
    """A polynomial of mixed entries; ``more`` holds its coefficients and what ``Case`` takes."""
    gives = takes if gives is None else gives
    size = int(np.prod(takes))
    shape = (int(np.prod(gives)), size)
    coefficients = {"cubic": 0.3, "quadratic": 0.5} | {k: more.pop(k) for k in ("cubic", "quadratic") if k in more}
    f = Probe(rng.uniform(0.3, 1.0, shape) * rng.choice([-1, 1], shape) / np.sqrt(size), takes, gives, **coefficients)
    x = more.pop("x", None)
    x = rng.normal(size=takes) if x is None else x
    # Entries of dy differ from 1 and from each other, or a sum without dy could pass.
    dy = rng.uniform(1.5, 3.0, size=gives) * rng.choice([-1, 1], size=gives)
    words = f"x of shape {takes}{f' and f(x) of shape {gives}' if gives != takes else ''}{kind}"
    more = {"atol": 1e-3, "rtol": 1e-3, "any_dtype": True, "may_change": True} | more
    return Case((f, x, dy) if h is None else (f, x, dy, h), words, **more)


def cubes(x: np.ndarray, dy: np.ndarray, words: str, h: float | None = None, **more) -> Case:
    """f(x) = x³, entry by entry; may be shown."""
    f = Probe(np.eye(x.size), x.shape, x.shape, cubic=1.0, linear=0.0)
    more = {"atol": 1e-3, "rtol": 1e-3, "any_dtype": True, "may_change": True} | more
    return Case((f, x, dy) if h is None else (f, x, dy, h), words, public=True, **more)


def plain_probes(rng):
    shown = cubes(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 2.0, -1.0]]), "f(x) = x³ at x = [[1, 2, 3]], dy = [[1, 2, -1]]")
    return [shown, probe_case(rng, (2, 3)), probe_case(rng, (4, 2))]


def probe_shapes(rng):
    shapes = [(5,), (2, 1, 3), (1, 2, 2, 2), (1,), (2, 1, 2, 1, 2)]
    return [probe_case(rng, (3, 2), control=True)] + [probe_case(rng, shape) for shape in shapes]


def probe_results(rng):
    shapes = [(5,), (2, 3), (1,), (2, 2, 2), ()]
    return [probe_case(rng, (3, 3), control=True)] + [probe_case(rng, (2, 2), gives) for gives in shapes]


def curved_probes(rng):
    more = {"cubic": 0.0, "quadratic": 100.0, "atol": 1e-5, "rtol": 1e-8}
    return [probe_case(rng, shape, kind=" and a strongly curved f", **more) for shape in ((2, 3), (3, 3))]


def step_probes(rng):
    tight = {"atol": 1e-7, "rtol": 1e-7}
    shown = cubes(np.array([[2.0]]), np.array([[1.0]]), "f(x) = x³ at x = [[2]], dy = [[1]], h = 0.1", h=0.1, **tight)
    given = [
        probe_case(rng, shape, h=h, kind=f" and h = {h:g}", cubic=1.0, **tight)
        for shape, h in (((2, 2), 0.1), ((2, 3), 0.5), ((3, 2), 0.01))
    ]
    # At x = 0 nothing is rounded away, and the cubic term adds 1e10·h² = 1 to the slopes if h is 1e-5.
    left_out = probe_case(rng, (2, 2), x=np.zeros((2, 2)), kind=" of zeros and h left at its default", cubic=1e10, **tight)
    return [shown, *given, left_out]


def float32_probes(rng):
    out = [probe_case(rng, (2, 4), control=True, any_dtype=False)]
    for shape in ((2, 3), (1, 5)):
        x = rng.uniform(40.0, 60.0, size=shape).astype("float32")
        narrow = probe_case(rng, shape, x=x, cubic=0.0, quadratic=0.02, kind=" in float32", any_dtype=False)
        f, _, dy = narrow.args
        out.append(Case((f, x, dy.astype("float32")), narrow.words, atol=1e-3, rtol=1e-3, may_change=True))
    return out


def strided_probes(rng):
    out = [probe_case(rng, (3, 4), control=True)]
    for shape in ((2, 3), (4, 3)):
        drawn = probe_case(rng, shape, kind=", not contiguous in memory")
        f, x, dy = drawn.args
        out.append(Case((f, wire.Strided(x), wire.Strided(dy)), drawn.words, atol=1e-3, rtol=1e-3, any_dtype=True, may_change=True))
    return out


def untouched_probes(rng):
    return [probe_case(rng, shape, may_change=False) for shape in ((3, 4), (2, 5), (2, 6), (4, 3))]


# cases of the backward passes -----------------------------------------------------------------


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


# exercises ------------------------------------------------------------------------------------


def invoke_numerical(student: Student, case: Case) -> Reply:
    return reading.single(student.call("numerical_gradient", *case.args))


def loss(f, x, dy):
    return (f(x) * dy).sum()


def with_own_steps(step, distance):
    """Central differences that move each entry by a step of its own, and divide by a distance of its own."""

    def imitation(f, x, dy, h=1e-5):
        slopes = np.empty(x.shape)
        for place in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[place] += step(x[place], h)
            down[place] -= step(x[place], h)
            slopes[place] = (loss(f, up, dy) - loss(f, down, dy)) / distance(x[place], h)
        return (slopes,)

    return imitation


def forward_difference(f, x, dy, h=1e-5):
    return (np.array([loss(f, up, dy) - loss(f, x, dy) for up, _ in steps(x, h)]).reshape(x.shape) / h,)


def all_together(f, x, dy, h=1e-5):
    return (f(x + h) - f(x - h)) * dy / (2 * h)


def rows_together(f, x, dy, h=1e-5):
    """One slope for all that stands at one place of the first axis."""
    slopes = np.empty(x.shape)
    for i in range(len(x)):
        step = np.zeros(x.shape)
        step[i] = h
        slopes[i] = (loss(f, x + step, dy) - loss(f, x - step, dy)) / (2 * h)
    return (slopes,)


def slope_alone(place: int):
    """One slope, the first or the last, and zeros."""

    def imitation(f, x, dy, h=1e-5):
        slopes = np.zeros(x.size)
        slopes[place] = numerical(f, x, dy, h)[0].flat[place]
        return (slopes.reshape(x.shape),)

    return imitation


def diagonal(f, x, dy, h=1e-5):
    slopes = [((f(up) - f(down)) * dy)[place] for place, (up, down) in zip(np.ndindex(x.shape), steps(x, h))]
    return (np.array(slopes).reshape(x.shape) / (2 * h),)


def scaled(by):
    """A gradient that is too small by a power of h, or 0: with a small h hardly more than zero, which has other reasons too."""

    def imitation(f, x, dy, h=1e-5):
        if h < 1e-3 and x.any():
            raise ValueError("not to be told from zeros")
        return (numerical(f, x, dy, h)[0] * by(h),)

    return imitation


def left_moved(left):
    """Central differences in which an entry stays at x + left·h."""

    def imitation(f, x, dy, h=1e-5):
        moved, slopes = x.copy(), []
        for place in np.ndindex(x.shape):
            old = moved[place]
            moved[place] = old + h
            up = loss(f, moved, dy)
            moved[place] = old - h
            slopes.append((up - loss(f, moved, dy)) / (2 * h))
            moved[place] = old + left * h
        return (np.array(slopes).reshape(x.shape),)

    return imitation


CUBE_ROOT = np.finfo("float64").eps ** (1 / 3)  # of the machine precision: a step that many recommend
OTHER_STEPS = (1e-2, 1e-3, 1e-4, 5e-6, 1e-6, 1e-7, 1e-8)

NUMERICAL_GRADIENT = Exercise(
    name="numerical_gradient",
    functions=("numerical_gradient",),
    outputs=(Output("the gradient"),),
    invoke=invoke_numerical,
    reference=numerical,
    section="gradient-checking",
    checks=(
        Check("values", "One slope for each entry of x", 2, "gradient-checking", plain_probes),
        Check("shapes", "x of any shape", 1, "gradient-checking", probe_shapes, "only-2d"),
        Check("results", "f may map to another shape than x's", 1, "gradient-checking", probe_results, "shape-of-dy"),
        Check("central", "The difference is central, and one entry moves at a time", 1, "gradient-checking", curved_probes),
        Check("step", "The step is h", 1, "gradient-checking", step_probes),
        Check("float32", "A float32 x is measured in float64, the result is float32", 1, "gradient-checking", float32_probes,
              "float32-perturbation-lost"),
        Check("layout", "Arrays that are not contiguous in memory", 1, "gradient-checking", strided_probes, "memory-order"),
        Check("untouched", "x is left exactly as it was", 1, "gradient-checking", untouched_probes),
    ),
    suspects=(
        Suspect("forward-difference", forward_difference),
        Suspect("forward-difference", lambda f, x, dy, h=1e-5: forward_difference(f, x, dy, -h)),
        Suspect("half-slope", lambda f, x, dy, h=1e-5: (numerical(f, x, dy, h)[0] / 2,)),
        Suspect("half-slope", lambda f, x, dy, h=1e-5: (forward_difference(f, x, dy, h)[0] / 2,)),
        Suspect("half-slope", lambda f, x, dy, h=1e-5: (forward_difference(f, x, dy, -h)[0] / 2,)),
        Suspect("missing-parentheses", scaled(lambda h: h**2)),
        Suspect("missing-parentheses", lambda f, x, dy, h=1e-5: (4 * numerical(f, x, dy, h)[0],)),
        Suspect("not-divided", scaled(lambda h: 2 * h)),
        Suspect("not-divided", scaled(lambda h: h)),
        Suspect("sign-reversed", lambda f, x, dy, h=1e-5: (-numerical(f, x, dy, h)[0],)),
        Suspect("mean-for-sum", lambda f, x, dy, h=1e-5: (numerical(f, x, dy, h)[0] / dy.size,)),
        Suspect("divided-by-h", lambda f, x, dy, h=1e-5: (2 * numerical(f, x, dy, h)[0],)),
        # Throughout, for a default of 5e-6 gives the same where h is left out.
        Suspect("half-step", lambda f, x, dy, h=1e-5: numerical(f, x, dy, h / 2), throughout=True),
        Suspect("step-scaled", with_own_steps(lambda v, h: h * v, lambda v, h: 2 * h * v)),
        Suspect("step-scaled", with_own_steps(lambda v, h: h * max(1.0, abs(v)), lambda v, h: 2 * h * max(1.0, abs(v)))),
        Suspect("step-scaled", with_own_steps(lambda v, h: h * v, lambda v, h: 2 * h)),
        Suspect("dy-ignored", lambda f, x, dy, h=1e-5: numerical(f, x, np.ones_like(dy), h)),
        Suspect("dy-outside", lambda f, x, dy, h=1e-5: (numerical(f, x, np.ones_like(dy), h)[0] * dy,)),
        Suspect("only-the-last", slope_alone(-1)),
        Suspect("shape-lost", lambda f, x, dy, h=1e-5: (numerical(f, x, dy, h)[0].ravel(),)),
        Suspect("diagonal-only", diagonal),
        Suspect("all-at-once", lambda f, x, dy, h=1e-5: (all_together(f, x, dy, h),)),
        Suspect("all-at-once", lambda f, x, dy, h=1e-5: (np.full(x.shape, all_together(f, x, dy, h).sum()),)),
        Suspect("all-at-once", lambda f, x, dy, h=1e-5: (all_together(f, x, dy, h).sum(),)),
        Suspect("all-at-once", rows_together),
        Suspect("same-array", scaled(lambda h: 0.0), throughout=True),
        Suspect("return-in-loop", slope_alone(0)),
        Suspect("not-restored", left_moved(-1)),
        Suspect("not-restored", left_moved(1)),
    )
    + tuple(Suspect("default-step", lambda f, x, dy, h=k: numerical(f, x, dy, h)) for k in OTHER_STEPS)
    + tuple(Suspect("h-fixed", lambda f, x, dy, h=1e-5, k=k: numerical(f, x, dy, k)) for k in (1e-4, 1e-5, 1e-6, 1e-7, CUBE_ROOT)),
    misconceptions=NUMERICAL,
)  # fmt: skip

# Parts that go wrong in the same way in both norms: (misconception, what stands in place of a right part).
SUM = dict(axis=-1, keepdims=True)


def fixed(statistics, value: float):
    return lambda x, eps: statistics(x, value)


def with_other_s(dx, statistics, value: float):
    """dx with x̂ as it is but another ε in what it is divided by."""
    return lambda p: dx(p._replace(s=statistics(p.x, value)[1]))


def with_other_eps(part, statistics, value: float):
    """A part computed with another ε throughout."""

    def other(p: Pass) -> np.ndarray:
        xhat, s = statistics(p.x, value)
        return part(p._replace(xhat=xhat, s=s))

    return other


def outside_root(statistics):
    def other(x, eps):
        xhat, s = statistics(x, eps)
        outside = np.sqrt(np.maximum(s**2 - eps, 0.0)) + eps
        return xhat * s / outside, outside

    return other


def multiplied(statistics):
    """x̂ with what should divide it as a factor."""

    def other(x, eps):
        xhat, s = statistics(x, eps)
        return xhat * s**2, s

    return other


def halved(statistics, factor: float):
    """x̂ divided by half the number under the root, or by twice that: of its reciprocal, too, `** 1/2` makes a half."""

    def other(x, eps):
        xhat, s = statistics(x, eps)
        return xhat * s / (factor * s**2), factor * s**2

    return other


def common_parts(dx, statistics):
    """Return [(misconception, parts)] of what can go wrong in either norm, given its right dx and statistics."""
    centre = dx is layernorm_dx

    def written(first, second):
        """dx with other means: ``first`` of g, ``second`` of g ⊙ x̂."""
        return lambda p: (p.g - (first(p) if centre else 0.0) - p.xhat * second(p)) / p.s

    def along(p):
        return mean(p.g * p.xhat)

    def other_second(term):
        """dx with another correction along x̂."""
        return lambda p: (p.g - (mean(p.g) if centre else 0.0) - term(p)) / p.s

    def width(p):
        return p.x.shape[-1]

    def batch(p):
        return p.x.shape[0]

    def tokens_of(p):
        return p.x.size // p.x.shape[-1]

    def leading(p):
        return tuple(range(p.x.ndim - 1))

    parts = [
        ("gamma-outside-means", {"dx": lambda p: p.gamma * dx(p._replace(g=p.dy))}),
        ("gamma-ignored", {"dx": lambda p: dx(p._replace(g=p.dy))}),
        ("sum-for-mean", {"dx": written(lambda p: p.g.sum(**SUM), lambda p: (p.g * p.xhat).sum(**SUM))}),
        ("sum-for-mean", {"dx": written(lambda p: mean(p.g), lambda p: (p.g * p.xhat).sum(**SUM))}),
        ("divided-by-batch", {"dx": written(lambda p: p.g.sum(**SUM) / batch(p), lambda p: (p.g * p.xhat).sum(**SUM) / batch(p))}),
        ("divided-by-batch", {"dx": written(lambda p: mean(p.g), lambda p: (p.g * p.xhat).sum(**SUM) / batch(p))}),
        # The first two lengths multiplied, which count the tokens of three axes.
        ("divided-by-batch", {"dx": written(lambda p: mean(p.g) / batch(p), lambda p: along(p) / batch(p))}),
        ("divided-by-batch", {"dgamma": lambda p: dgamma_of(p) / tokens_of(p), "dbeta": lambda p: dbeta_of(p) / tokens_of(p)}),
        ("divided-by-batch", {"dgamma": lambda p: dgamma_of(p) / batch(p), "dbeta": lambda p: dbeta_of(p) / batch(p)}),
        ("divided-by-batch", {"dx": lambda p: dx(p) / batch(p)}),
        ("dx-wrong-axis", {"dx": written(lambda p: mean(p.g, 0), lambda p: mean(p.g * p.xhat, 0))}),
        ("dx-wrong-axis", {"dx": written(lambda p: mean(p.g), lambda p: mean(p.g * p.xhat, 0))}),
        ("dx-wrong-axis", {"dx": written(lambda p: p.g.mean(), lambda p: (p.g * p.xhat).mean())}),
        ("dx-wrong-axis", {"dx": written(lambda p: mean(p.g), lambda p: (p.g * p.xhat).mean())}),
        ("keepdims-missing", {"dx": written(lambda p: p.g.mean(-1), lambda p: (p.g * p.xhat).mean(-1))}),
        ("keepdims-missing", {"dx": written(lambda p: mean(p.g), lambda p: (p.g * p.xhat).mean(-1))}),
        ("correction-sign", {"dx": written(lambda p: mean(p.g), lambda p: -along(p))}),
        ("multiplied", {"dx": lambda p: dx(p) * p.s**2}),
        ("divided-by-variance", {"dx": lambda p: dx(p) / p.s}),
        ("missing-parentheses", {"dx": lambda p: p.g - (mean(p.g) if centre else 0.0) - p.xhat * along(p) / p.s}),
        ("half-not-root", {"statistics": halved(statistics, 0.5)}),
        ("half-not-root", {"statistics": halved(statistics, 2.0)}),
        ("half-not-root", {"dx": other_second(lambda p: p.xhat * along(p) / (2 * p.s**3))}),  # v ** -3 / 2 for v ** -1.5
        ("sign-reversed", {"dx": lambda p: -dx(p)}),
        ("sign-reversed", {"dx": lambda p: -dx(p), "dgamma": lambda p: -dgamma_of(p), "dbeta": lambda p: -dbeta_of(p)}),
        ("product-split", {"dgamma": lambda p: over_tokens(p.dy) * over_tokens(p.xhat)}),
        ("dx-is-g", {"dx": lambda p: p.g}),
        ("xhat-missing", {"dx": other_second(along)}),
        ("xhat-missing", {"dx": other_second(lambda p: p.xhat * mean(p.g))}),
        ("xhat-missing", {"dx": other_second(lambda p: p.xhat)}),
        ("not-averaged", {"dx": other_second(lambda p: p.xhat * p.g * p.xhat)}),
        ("not-averaged", {"dx": other_second(lambda p: p.xhat * p.g * p.xhat / width(p))}),
        ("dx-uses-x", {"dx": other_second(lambda p: p.x * mean(p.g * p.x))}),
        ("dx-uses-x", {"dx": other_second(lambda p: p.x * along(p))}),
        ("dx-uses-x", {"dx": other_second(lambda p: p.xhat * mean(p.g * p.x))}),
        ("dy-for-g", {"dx": written(lambda p: mean(p.dy), lambda p: mean(p.dy * p.xhat))}),
        ("dy-for-g", {"dx": written(lambda p: mean(p.g), lambda p: mean(p.dy * p.xhat))}),
        ("dy-for-g", {"dx": lambda p: dx(p) + (p.dy - p.g) / p.s}),
        ("gamma-twice", {"dx": lambda p: p.gamma * dx(p)}),
        ("gamma-twice", {"dx": lambda p: dx(p._replace(g=p.gamma * p.g))}),
        ("factor-of-two", {"dx": written(lambda p: mean(p.g), lambda p: 2 * along(p))}),
        ("factor-of-two", {"dx": written(lambda p: mean(p.g), lambda p: along(p) / 2)}),
        ("divided-by-d-twice", {"dx": written(lambda p: mean(p.g), lambda p: along(p) / width(p))}),
        ("divided-by-d-twice", {"dx": written(lambda p: mean(p.g) / width(p), lambda p: along(p) / width(p))}),
        ("d-forgotten", {"dx": lambda p: width(p) * dx(p)}),
        ("d-forgotten", {"dx": lambda p: dx(p) + (p.g / width(p) - p.g) / p.s}),
        ("xhat-wrong", {"statistics": multiplied(statistics)}),
        ("dgamma-without-xhat", {"dgamma": dbeta_of}),
        ("sigma-missing", {"dx": lambda p: dx(p) * p.s}),
        ("full-projection", {"dx": written(lambda p: mean(p.g), lambda p: (p.g * p.xhat).sum(**SUM) / (p.xhat**2).sum(**SUM))}),
        ("dgamma-uses-x", {"dgamma": lambda p: over_tokens(p.dy * p.x)}),
        ("dgamma-uses-g", {"dgamma": lambda p: over_tokens(p.g * p.xhat), "dbeta": lambda p: over_tokens(p.g)}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum(0), "dbeta": lambda p: p.dy.sum(0)}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum(-1), "dbeta": lambda p: p.dy.sum(-1)}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum(), "dbeta": lambda p: p.dy.sum()}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: p.dy * p.xhat, "dbeta": lambda p: p.dy}),
        ("divided-by-batch", {"dgamma": lambda p: dgamma_of(p) / tokens_of(p)}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum(0)}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum(-1)}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum()}),
        ("dgamma-wrong-axis", {"dgamma": lambda p: p.dy * p.xhat}),
        ("extra-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum(leading(p), keepdims=True), "dbeta": lambda p: p.dy.sum(leading(p), keepdims=True)}),
        ("extra-axis", {"dgamma": lambda p: (p.dy * p.xhat).sum(leading(p), keepdims=True)}),
        ("eps-missing", {"dx": with_other_s(dx, statistics, 0.0)}),
        ("eps-missing", {"dx": with_other_eps(dx, statistics, 0.0)}),
        ("eps-missing", {"dx": with_other_eps(dx, statistics, 0.0), "dgamma": with_other_eps(dgamma_of, statistics, 0.0)}),
        ("eps-missing", {"dgamma": with_other_eps(dgamma_of, statistics, 0.0)}),
        ("eps-outside-root", {"statistics": outside_root(statistics)}),
        # The gradient of that other function, in which x̂ is not divided by its own spread.
        ("eps-outside-root", {"statistics": outside_root(statistics), "dx": other_second(lambda p: p.xhat / np.sqrt(mean(p.xhat**2)) * along(p))}),
        ("matrix-product", {"dgamma": lambda p: p.dy.T @ p.xhat}),
        ("matrix-product", {"dgamma": lambda p: p.xhat.T @ p.dy}),
        ("matrix-product", {"dx": other_second(lambda p: p.g @ p.xhat.T @ p.xhat / width(p))}),
    ]
    for value in (1e-5, 1e-6, 1e-8):
        parts.append(("eps-fixed", {"dx": with_other_s(dx, statistics, value)}))
        parts.append(("eps-fixed", {"dx": with_other_eps(dx, statistics, value)}))
        parts.append(("eps-fixed", {"statistics": fixed(statistics, value)}))
    return parts


def rms_of_a_sample(x, eps):
    s = np.sqrt((x**2).sum(**SUM) / np.float64(x.shape[-1] - 1) + eps)
    return x / s, s


def layernorm_in_y(x, gamma, beta, eps, dy) -> tuple:
    """With y for x̂ throughout."""
    xhat, s = centred_by(x, eps)
    p = Pass(x, gamma, dy, dy * gamma, gamma * xhat + beta, s)
    return layernorm_dx(p), dgamma_of(p), dbeta_of(p)


def rmsnorm_in_y(x, gamma, eps, dy) -> tuple:
    xhat, s = rms_by(x, eps)
    p = Pass(x, gamma, dy, dy * gamma, gamma * xhat, s)
    return rmsnorm_dx(p), dgamma_of(p)


def other_first(term):
    """LayerNorm's dx with another correction of the mean."""
    return lambda p: (p.g - term(p) - p.xhat * mean(p.g * p.xhat)) / p.s


LAYERNORM_PARTS = [
    ("statistics-constant", {"dx": lambda p: p.g / p.s}),
    ("no-mean-term", {"dx": lambda p: (p.g - p.xhat * mean(p.g * p.xhat)) / p.s}),
    ("no-variance-term", {"dx": lambda p: (p.g - mean(p.g)) / p.s}),
    *common_parts(layernorm_dx, centred_by),
    # Only LayerNorm has a first correction, deviations and a β.
    ("correction-sign", {"dx": lambda p: (p.g + mean(p.g) + p.xhat * mean(p.g * p.xhat)) / p.s}),
    ("correction-sign", {"dx": lambda p: layernorm_dx(p) + 2 * mean(p.g) / p.s}),
    ("missing-parentheses", {"dx": lambda p: p.g / p.s - mean(p.g) - p.xhat * mean(p.g * p.xhat)}),
    ("sum-for-mean", {"dx": other_first(lambda p: p.g.sum(**SUM))}),
    ("dx-wrong-axis", {"dx": other_first(lambda p: mean(p.g, 0))}),
    ("dx-wrong-axis", {"dx": other_first(lambda p: p.g.mean())}),
    ("keepdims-missing", {"dx": other_first(lambda p: p.g.mean(-1))}),
    ("dy-for-g", {"dx": other_first(lambda p: mean(p.dy))}),
    ("dx-uses-x", {"dx": lambda p: (p.g - mean(p.g) - p.xhat * p.s**2 * mean(p.g * p.xhat)) / p.s}),
    ("dx-uses-x", {"dx": lambda p: (p.g - mean(p.g) - p.xhat * p.s * mean(p.g * p.xhat)) / p.s}),
    ("divided-by-d-twice", {"dx": other_first(lambda p: mean(p.g) / p.x.shape[-1])}),
    ("xhat-wrong", {"statistics": not_centred}),
    ("dbeta-uses-xhat", {"dbeta": dgamma_of}),
    ("divided-by-batch", {"dbeta": lambda p: dbeta_of(p) / (p.x.size // p.x.shape[-1])}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy.sum(0)}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy.sum(-1)}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy.sum()}),
    ("dgamma-wrong-axis", {"dbeta": lambda p: p.dy}),
    ("dgamma-uses-x", {"dgamma": lambda p: over_tokens(p.dy * (p.x - mean(p.x)))}),
    ("dgamma-uses-g", {"dgamma": lambda p: over_tokens(p.g * p.xhat)}),
    ("dgamma-uses-g", {"dbeta": lambda p: over_tokens(p.g)}),
    ("dbeta-forgotten", {"dbeta": lambda p: np.zeros(p.x.shape[-1])}),
    ("dgamma-dbeta-swapped", {"dgamma": dbeta_of, "dbeta": dgamma_of}),
    ("ddof-1", {"statistics": with_ddof}),
    ("ddof-1", {"statistics": with_ddof, "dx": smaller_sample}),
    ("ddof-1", {"dx": smaller_sample}),
    ("rms-for-layernorm", {"statistics": rms_by, "dx": rmsnorm_dx}),
    ("wrong-axis", {"statistics": by_feature, "dx": lambda p: (p.g - mean(p.g, 0) - p.xhat * mean(p.g * p.xhat, 0)) / p.s}),
    ("wrong-axis", {"statistics": by_feature}),
    ("whole-array", {"statistics": by_array}),
    ("whole-array", {"statistics": by_array, "dx": lambda p: (p.g - p.g.mean() - p.xhat * (p.g * p.xhat).mean()) / p.s}),
]

RMSNORM_PARTS = [
    ("statistics-constant", {"dx": lambda p: p.g / p.s}),
    ("ddof-1", {"statistics": rms_of_a_sample}),
    ("layernorm-for-rms", {"dx": layernorm_dx}),
    ("layernorm-for-rms", {"statistics": centred_by, "dx": layernorm_dx}),
    ("layernorm-for-rms", {"statistics": centred_by}),
    ("layernorm-for-rms", {"dx": lambda p: (p.g - mean(p.g)) / p.s}),
    ("product-split", {"dx": lambda p: (p.g - p.xhat * mean(p.g) * mean(p.xhat)) / p.s}),
    *((name, {k: v for k, v in parts.items() if k != "dbeta"}) for name, parts in common_parts(rmsnorm_dx, rms_by)),
]


def in_order(backward, *places: int):
    """The right results in another order."""

    def imitation(*args) -> tuple:
        results = backward(*args)
        return tuple(results[i] for i in places)

    return imitation


OTHER_ORDERS = ((1, 2, 0), (2, 1, 0), (1, 0, 2))

LAYER, RMS = Norm("layernorm", has_beta=True), Norm("rmsnorm", has_beta=False)

LAYERNORM_BACKWARD = Exercise(
    name="layernorm_backward",
    functions=("layernorm_forward", "layernorm_backward"),
    outputs=(Output("dx"), Output("dgamma"), Output("dbeta")),
    invoke=invoke_backward(LAYER, "(dx, dgamma, dbeta)", 3),
    reference=exact(layernorm()),
    section="two-components",
    checks=(
        Check("dx", "The gradient of x", 3, "two-components", LAYER.dx, "measured-gradient"),
        Check("parameters", "The gradients of γ and β", 2, "gradient-of-gamma-beta", LAYER.parameters),
        Check("axes", "Any number of axes before the last, and none", 1, "gradient-of-gamma-beta", LAYER.axes, "only-2d"),
        Check("sizes", "Any number of features", 1, "gradient-by-jacobian", LAYER.sizes, "power-of-two-only"),
        Check("epsilon", "ε of the forward pass counts in the backward", 2, "backward-epsilon", LAYER.epsilon),
        Check("corners", "One feature, constant tokens and quiet ones, and a γ of 0", 1, "backward-epsilon", LAYER.corners, "nan-on-constant"),
        Check("offset", "float32 tokens at a large offset", 1, "what-to-cache", LAYER.offset, "one-pass-variance"),
        Check("half", "float16 tokens of several hundred do not overflow", 1, "what-to-cache", LAYER.half, "half-precision-statistics"),
        Check("dtype", "The results have the input's dtype", 1, "what-to-cache", LAYER.dtype),
        Check("twice", "A second backward with the same cache", 1, "what-to-cache", LAYER.twice, "cache-mutated"),
        Check("interleaved", "Two forward passes before the backward ones", 1, "what-to-cache", LAYER.interleaved, "global-state"),
        Check("layout", "Arrays that are not contiguous in memory", 1, "what-to-cache", LAYER.layout, "memory-order"),
        Check("untouched", "x, γ, β and dy are left as they were", 1, "what-to-cache", LAYER.untouched),
    ),
    suspects=tuple(Suspect(name, layernorm(**parts), throughout=True) for name, parts in LAYERNORM_PARTS)
    + (Suspect("y-for-xhat", layernorm_in_y, throughout=True),)
    + tuple(Suspect("divided-by-gamma", divided_by_gamma(layernorm(), dx_too), throughout=True) for dx_too in (True, False))
    + tuple(Suspect("outputs-swapped", in_order(layernorm(), *places), throughout=True) for places in OTHER_ORDERS),
    misconceptions=BACKWARD | LAYERNORM_ONLY,
)

RMSNORM_BACKWARD = Exercise(
    name="rmsnorm_backward",
    functions=("rmsnorm_forward", "rmsnorm_backward"),
    outputs=(Output("dx"), Output("dgamma")),
    invoke=invoke_backward(RMS, "(dx, dgamma)", 2),
    reference=exact(rmsnorm()),
    section="rmsnorm-gradient",
    checks=(
        Check("dx", "The gradient of x", 2, "rmsnorm-gradient", RMS.dx, "measured-gradient"),
        Check("parameters", "The gradient of γ", 1, "rmsnorm-gradient", RMS.parameters),
        Check("axes", "Any number of axes before the last, and none", 1, "rmsnorm-gradient", RMS.axes, "only-2d"),
        Check("sizes", "Any number of features", 1, "rmsnorm-gradient", RMS.sizes, "power-of-two-only"),
        Check("epsilon", "ε of the forward pass counts in the backward", 1, "backward-epsilon", RMS.epsilon),
        Check("corners", "One feature, tokens of zeros and quiet ones, and a γ of 0", 1, "backward-epsilon", RMS.corners, "nan-on-constant"),
        Check("dtype", "The results have the input's dtype", 1, "what-to-cache", RMS.dtype),
        Check("twice", "A second backward with the same cache", 1, "what-to-cache", RMS.twice, "cache-mutated"),
        Check("interleaved", "Two forward passes before the backward ones", 1, "what-to-cache", RMS.interleaved, "global-state"),
        Check("layout", "Arrays that are not contiguous in memory", 1, "what-to-cache", RMS.layout, "memory-order"),
        Check("untouched", "x, γ and dy are left as they were", 1, "what-to-cache", RMS.untouched),
    ),
    suspects=tuple(Suspect(name, rmsnorm(**parts), throughout=True) for name, parts in RMSNORM_PARTS)
    + (Suspect("y-for-xhat", rmsnorm_in_y, throughout=True),)
    + tuple(Suspect("divided-by-gamma", divided_by_gamma(rmsnorm(), dx_too), throughout=True) for dx_too in (True, False))
    + (Suspect("outputs-swapped", in_order(rmsnorm(), 1, 0), throughout=True),),
    misconceptions={n: m for n, m in BACKWARD.items() if n != "half-precision-statistics"} | RMSNORM_ONLY,
)

QUIZ = Quiz(
    name="quiz_3_layernorm_backward",
    variable="answers",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "Where γ = 1 the outputs of every token add up to zero (to Σβ), whatever x is, so even this loss has "
                "a definite gradient: zero. It needs no tolerance to be right.",
                "b": "The check does run, and every entry can be compared. What it compares is zero with zero.",
                "d": "dβ would be the number of tokens in every entry, and is found if wrong. It is dx that the test cannot see.",
            },
            "vacuous-tests",
        ),
        Question(
            "q2", "b",
            {
                "a": "Ten times the input has ten times the spread, and dx is divided by the spread.",
                "c": "The output ignores the scale of x, but its gradient does not: the same relative change of x is now "
                "ten times as large in absolute terms.",
                "d": "One factor of ten comes from σ. x̂ and g do not change, so there is no second one.",
            },
            "two-components",
        ),
        Question(
            "q3", "d",
            {
                "a": "Summing over the first axis alone leaves (16, 768), one gradient a position. Every position uses the same γ.",
                "b": "The last axis holds the features, each with a γ of its own. Their gradients are not added to one another.",
                "c": "A mean would divide by 128. If the loss is a mean over tokens, that factor is already in dy.",
            },
            "gradient-of-gamma-beta",
        ),
        Question(
            "q4", "a",
            {
                "b": "Truncation falls with h², but rounding grows as 1/h: with h = 1e-12 about four digits are left.",
                "c": "A step of 1e-2 is well above rounding, but the curvature costs about h² = 1e-4.",
                "d": "float32 has 7 digits; the difference of two nearly equal losses keeps few of them.",
            },
            "gradient-checking",
        ),
        Question(
            "q5", "c",
            {
                "a": "The component along x̂ goes in both: both outputs ignore the scale of a token (ε aside).",
                "b": "It is LayerNorm that removes both. RMSNorm's output does respond to a shift of all features.",
                "d": "r depends on every feature, so its path adds a term, as σ's does in LayerNorm.",
            },
            "rmsnorm-gradient",
        ),
    ),
)  # fmt: skip

TOPIC = Topic(
    stem="3_layernorm_backward",
    exercises=(NUMERICAL_GRADIENT, LAYERNORM_BACKWARD, RMSNORM_BACKWARD),
    quiz=QUIZ,
    rules=Rules(forbidden=("torch", "autograd", "numdifftools", *LIBRARIES)),
)
