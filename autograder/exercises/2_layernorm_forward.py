"""Hidden side of ``2_layernorm_forward``: references, cases, tolerances, checks and misconceptions.

Partial credit. Tokens are drawn with a spread of at least 2 and ε = 1e-5, so that where ε stands, or
whether it is there, changes a value by less than 3e-5: the plain cases allow 1e-4 and leave ε to its
own check. The result's dtype and untouched inputs have checks of their own too.
The smallest error that the plain cases must see, d − 1 for d at d = 1000, is about 1e-3.

Tolerances. The contract asks for statistics in float32 or better, so a computation in float32
throughout is right, also for float64 input, and also as a loop that adds one feature after another.

- Plain cases: mean/spread ≤ 2, so a float32 loop over 1000 features is off by about 1e-5. Allowed: 1e-4.
- Offset c in float32, d features around c with spread 1: the loop rounds d partial sums of up to d·c
  to half an ulp each, so the mean is off by up to ulp(d·c)/2. At d = 64 that is 2e-3 for c = 1e3 and
  3e-2 for c = 1e4, and the output is off by that times γ ≤ 2. Allowed: 0.01 and 0.1. In one pass, 1e4
  leaves multiples of 8 for a variance of 1: x̂ is off by 0.6 at the very least, or NaN.
- float16: x̂, γ·x̂ and the sum may each be rounded to 11 bits: 0.01 at |y| ≤ 8. Allowed: 0.015 + 0.005·|y|.
"""

import functools

import numpy as np

from autograder import reading
from autograder.exercise import Case, Check, Exercise, Output, Question, Quiz, Suspect, Topic
from autograder.misconceptions import common, half_not_root, in_section, named
from autograder.norm_names import LIBRARIES
from autograder.norm_parts import added_down, deviation, mean, tokens, variance
from autograder.student import Kind, Reply, Rules, Student
from autograder.student_side import wire

SIZES = (3, 5, 7, 768, 1000)
POWERS_OF_TWO = (2, 64)
EPS = 1e-5
KINDS = ("batch", "layer", "instance", "group")
LEAST_SPREAD = 2.0
LAYOUTS = {2: "(N, C)", 3: "(B, T, d)", 4: "(N, C, H, W)", 5: "(N, C, D, H, W)", 6: "(N, C, …)"}
TOKENS = np.array([[-3.0, 0.0, 2.0, 5.0, 8.0, 12.0], [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]])
GAMMA = np.array([1.0, 2.0, 1.0, 1.0, 0.5, 1.0])
BETA = np.array([0.0, 0.0, 1.0, 0.0, 0.0, -0.5])

# misconceptions -------------------------------------------------------------------------------

BOTH = (
    common("any-shape")
    | named(half_not_root("layernorm-equation"))
    | in_section(
        "forward-numerics",
        {
            "float64-result": "The result is wider than x. It keeps x's dtype: float32 in, float32 out, and float16 in, float16 "
            "out, also when γ is float64. Finish with `.astype(x.dtype)`.",
            "padded-lanes": "The zeros that pad a row to a power of two were counted: divide by the true d, and keep the padding "
            "out of the sum of squared deviations, where each zero counts as (0 − mean)².",
            "power-of-two-only": "It is right for widths that are powers of two and wrong for others. Halving a row drops a "
            "feature when the count is odd; 768 and 1,000 are ordinary widths.",
            "half-precision-statistics": "The statistics were computed in float16, which ends at 65,504: the square of 256 is "
            "infinite there, the sum of 40 features near 2,000 too, and the token is lost. Convert to float32 or float64 first, "
            "and back to x's dtype at the end.",
        },
    )
    | in_section(
        "any-shape",
        {
            "extra-axis": "The values are right but the result has an axis too many: x of shape (d,) is one token and comes back "
            "as (d,). Give the result x's own shape.",
            "whole-array": "One statistic was taken for the whole array. Every token needs its own: give `axis=-1` and "
            "`keepdims=True`.",
            "keepdims-missing": "The statistics lost their axis, so NumPy lines them up with the features: mostly an error, and "
            "silently wrong when there are as many tokens as features. Reduce with `keepdims=True`.",
            "outputs-swapped": "What stands first is no array. Both results are returned together, the output before the cache: "
            "`return y, cache`.",
            "list-for-array": "y is a Python list. Make an array of it before you return it: `np.array(rows)`.",
            "divided-by-tokens": "A sum over the features was divided by the number of tokens: `len(x)` is the length of the "
            "first axis. There are `x.shape[-1]` features.",
            "affine-wrong-shape": "γ and β were lined up with the tokens. They hold one number a feature, shape (d,), and NumPy "
            "lines that up with the last axis by itself: no `[:, None]`, no reshape.",
            "only-2d": "It works for x with two axes only. The features are the last axis, `axis=-1`, however many axes stand "
            "before it, and none at all for a single token.",
            "memory-order": "It is right for contiguous arrays only: the code walks through memory where it should go by axes. "
            "Keep to axes and to the default order of `reshape`.",
        },
    )
    | in_section(
        "which-axes",
        {
            "wrong-axis": "The statistics, or one of them, run over the tokens, feature by feature, as batch norm's do. Each "
            "token is normalised by its own features: reduce over the last axis alone. (Python's own `sum` adds over the first "
            "axis.)",
        },
    )
    | in_section(
        "layernorm-equation",
        {
            "root-before-mean": "The root was taken of a sum of squares, and d divided only then. Divide by d under the root; a "
            "norm (`np.linalg.norm`) is divided by √d.",
        },
    )
    | in_section(
        "epsilon",
        {
            "eps-outside-root": "ε was added to the root. It belongs inside: the root of (… + ε). On ordinary tokens the two "
            "agree; with ε = 0.1, or on a quiet token, they do not.",
            "eps-missing": "ε does not appear in the result. It is added under the root: it decides what a token with almost no "
            "spread becomes, and keeps 0/0 out.",
            "eps-fixed": "The result does not depend on the argument `eps`: a fixed number stands in its place. Use the "
            "argument.",
            "eps-default": "The argument `eps` is used, but another value stands in its place when it is not given: the default "
            "is 1e-5.",
            "eps-as-floor": "ε was taken as a least value, max(…, ε). It is added, on every token: the root of (… + ε).",
            "eps-misplaced": "ε has a part in the result, and another one than it should: squared, under a root of its own, "
            "divided by d, subtracted, a factor, or added to the features or to the quotient. It is added once, as it is, to "
            "what stands under the root.",
        },
    )
    | in_section(
        "gamma-beta",
        {
            "affine-before": "γ and β were applied before normalising, and the normalisation takes most of their effect away "
            "again. Normalise first, then scale and shift.",
        },
    )
)

LAYERNORM_ONLY = (
    in_section(
        "layernorm-equation",
        {
            "missing-parentheses": "Python multiplies and divides before it subtracts, so here only the mean was divided by the "
            "root. Put the subtraction in parentheses: (x − mean).",
            "ddof-1": "This is what dividing by d − 1 gives. A token's features are all there is, not a sample: the variance "
            "divides by d (`ddof=0`).",
            "not-centred": "The mean is subtracted in one place and missing in another. The numerator is x − mean, and the "
            "variance is the mean of the squares of that same difference.",
            "only-centred": "The features were centred but not divided: divide x − mean by the root of variance + ε.",
            "multiplied": "The deviations are multiplied by the root of variance + ε, or divided by its reciprocal. They are "
            "divided by the root, so that the spread becomes 1.",
            "sign-reversed": "The signs of x̂ are exchanged: the features were subtracted from the mean. A feature above the "
            "mean has a positive x̂: x − mean.",
            "sum-subtracted": "The sum of the features was subtracted where their mean belongs: divide it by d first.",
            "root-twice": "A root was taken of the standard deviation, which is a root already. ε is added to the variance "
            "(`np.var`), and one root is taken of both.",
            "absolute-deviation": "The deviations are divided by the mean of their absolute values. The standard deviation "
            "squares them before it averages, and takes the root after.",
            "not-squared": "The deviations were averaged without being squared. Those above the mean cancel those below, and "
            "little but ε is left under the root. Square each deviation first, then average.",
            "not-averaged": "Every deviation was divided by the root of its own square, so only its sign is left. Average the "
            "squares over the features: one variance a token.",
            "no-root": "The deviations are divided by the variance: the square root is missing.",
            "sum-for-mean": "The squared deviations are added but not averaged: divide their sum by d before you take the root.",
        },
    )
    | in_section(
        "gamma-beta",
        {
            "affine-wrong": "γ or β is used in another way than it should be: γ added, divided by, or used as 1 + γ, or β "
            "subtracted; or `@` stands where `*` belongs, and adds up over the features. γ multiplies x̂, and β is added: y = γ "
            "⊙ x̂ + β.",
            "beta-scaled": "β was added before γ multiplied, and so was multiplied as well: y = γ ⊙ x̂ + β.",
            "gamma-beta-swapped": "γ and β are exchanged: γ multiplies x̂, and β is added.",
            "affine-ignored": "γ or β does not appear in the result. After normalising, each feature is multiplied by its γ and "
            "shifted by its β.",
        },
    )
    | in_section(
        "rmsnorm",
        {
            "rms-for-layernorm": "The mean is not subtracted: this is RMSNorm, which measures the distance from zero. LayerNorm "
            "centres first.",
        },
    )
    | in_section(
        "layernorm-forward-traps",
        {
            "residual-added": "The token itself was added to the result. That is the residual path, which runs past the norm and "
            "belongs to the block around it: y = γ ⊙ x̂ + β.",
        },
    )
    | in_section(
        "forward-numerics",
        {
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)² subtracts two huge, nearly equal "
            "numbers, in float32 down to multiples of 8 at 1e4. Subtract the mean first, then square.",
        },
    )
    | in_section(
        "epsilon",
        {
            "nan-on-constant": "A token whose features are all equal has no spread, and so has every token at d = 1. Dividing by "
            "its standard deviation is 0/0. Divide once, by the root of variance + ε; the output is then β.",
        },
    )
)

RMSNORM_ONLY = (
    in_section(
        "rmsnorm",
        {
            "ddof-1": "This is what dividing by d − 1 gives. A mean square divides by d: no mean was subtracted, and a token's "
            "features are all there is, not a sample.",
            "layernorm-for-rms": "The mean was subtracted, from the features or inside the root: that measures the spread about "
            "the mean. RMSNorm squares the features as they are, and does not centre.",
            "multiplied": "The features are multiplied by the root of mean square + ε, or divided by its reciprocal. They are "
            "divided by the root, so that the root mean square becomes 1.",
            "not-squared": "The features were averaged as they are, and squared, if at all, only then: positive and negative "
            "ones cancel. Square each feature first, then average.",
            "not-averaged": "Every feature was divided by the root of its own square, so only its sign is left. Average the "
            "squares over the features: one mean square a token.",
            "no-root": "The features are divided by the mean square: the square root is missing.",
            "sum-for-mean": "The squares are added but not averaged: divide their sum by d before you take the root.",
        },
    )
    | in_section(
        "gamma-beta",
        {
            "affine-wrong": "γ is used in another way than it should be: added, divided by, or used as 1 + γ; or `@` stands "
            "where `*` belongs, and adds up over the features. It multiplies, feature by feature: y = γ ⊙ x̂.",
            "affine-ignored": "γ does not appear in the result. After normalising, each feature is multiplied by its γ.",
        },
    )
    | in_section(
        "epsilon",
        {
            "nan-on-constant": "A token of zeros has the root mean square 0, and 0/0 is NaN. Divide once, by the root of mean "
            "square + ε; the output is then 0.",
        },
    )
)

_COMMON = common("which-axes")
AXES_ONLY = (
    {name: _COMMON[name] for name in ("returns-none", "library-call")}
    | in_section(
        "which-axes",
        {
            "axes-kept": "These are the axes that keep statistics of their own. Asked for are the others, over which the mean is "
            "taken.",
            "tokens-as-images": "Three axes are tokens (B, T, d) here, with the features last; the channels are second only in "
            "(N, C) and from four axes on.",
            "images-as-tokens": "The features were taken for the last axis. That holds for three axes, (B, T, d); in (N, C) and "
            "from four axes on the channels stand second.",
            "last-axis-missed": "The last axis is missing. `range(2, ndim)` ends at ndim − 1 by itself: it leaves its end out.",
            "axes-from-one": "Each axis is one too high. NumPy counts from 0: in (N, C, H, W) the samples are axis 0, the "
            "channels axis 1.",
            "ndim-ignored": "The answer is that for four axes whatever `ndim` is. Build the tuple from `ndim`.",
            "batch-only-samples": "Batch norm takes one channel from all samples and from all places: axis 0 and every axis of "
            "places.",
            "layer-one-axis": "In (N, C, …) layer norm shares one mean over the whole sample: every axis but N. A single axis is "
            "right for tokens only.",
            "group-not-split": "The axes were counted in the array before splitting. Once channels are split into (groups, "
            "channels a group) everything after them moves up by one, and the axis of groups keeps its own statistics.",
            "group-over-groups": "The mean was taken over the groups as well, which makes it layer norm. Each group has "
            "statistics of its own.",
            "group-over-positions": "For tokens the mean was taken over the positions, too. Each group of one token has "
            "statistics of its own: what is left besides them are samples, positions and groups.",
            "another-kind": "These are another kind's axes. Batch norm's mean runs over the samples and the places of one "
            "channel, layer norm's over all that belongs to one sample or token, instance norm's over the places of one channel "
            "of one sample. (If all kinds give the same: `kind == \"batch\" or \"layer\"` is true whatever `kind` is.)",
            "group-one-axis": "In (N, G, C/G, H, W) a group's set holds its channels and all places: every axis from C/G on.",
            "unknown-kind": "A kind that is none of the four must `raise ValueError(…)`, so that a misspelt name is found where "
            "it was written. `return` and `print` raise nothing, a dictionary raises KeyError, and a chain of `if` falls through "
            "to None, or to an answer.",
        },
    )
)


# references -----------------------------------------------------------------------------------


def layernorm(x, gamma, beta, eps=EPS) -> tuple:
    """LayerNorm in extended precision."""
    exact = x.astype(np.longdouble)
    deviation = exact - mean(exact)
    return (gamma * (deviation / np.sqrt(mean(deviation**2) + eps)) + beta,)


def rmsnorm(x, gamma, eps=EPS) -> tuple:
    """RMSNorm in extended precision."""
    exact = x.astype(np.longdouble)
    return (gamma * (exact / np.sqrt(mean(exact**2) + eps)),)


def axes_of(kind: str, ndim: int) -> tuple:
    """Axes as a sorted array; for an unknown kind, which must raise, none (see ``invoke_axes``)."""
    of_tokens = ndim == 3
    channels = 2 if of_tokens else 1
    if kind == "batch":
        axes = set(range(ndim)) - {channels}
    elif kind == "layer":
        axes = {2} if of_tokens else set(range(1, ndim))
    elif kind == "instance":
        axes = set(range(ndim)) - {0, channels}
    elif kind == "group":
        axes = {3} if of_tokens else set(range(2, ndim + 1))
    else:
        axes = set()
    return (np.array(sorted(axes), dtype="float64"),)


# drawing --------------------------------------------------------------------------------------


def affine(rng: np.random.Generator, d: int, parameters: int) -> tuple:
    """γ of mixed signs, 0.5 ≤ |γ| ≤ 2, and β if there are two parameters."""
    gamma = rng.uniform(0.5, 2.0, size=d) * rng.choice([-1, 1], size=d)
    return (gamma, rng.normal(size=d))[:parameters]


def case(rng, x, parameters: int, kind: str = "", words: str = "", dtypes=("float64", "float64"), **more) -> Case:
    """A case around x. kind: what to say after its shape. dtypes: of x, and of γ and β.

    words: what to say instead, of a case that may be shown; its γ and β are the book's, cut to length.
    """
    own, of_affine = dtypes
    d = x.shape[-1]
    scale_and_shift = (GAMMA[:d], BETA[:d])[:parameters] if words else affine(rng, d, parameters)
    args = (x.astype(own), *(values.astype(of_affine) for values in scale_and_shift))
    more = {"atol": 1e-4, "rtol": 1e-5, "any_dtype": True, "may_change": True} | more
    return Case(args, words or f"x of shape {x.shape}{kind}", public=bool(words), **more)


def token_case(rng, shape: tuple, parameters: int, kind: str = "", location=None, spread=None, **more) -> Case:
    return case(rng, tokens(rng, shape, location, spread, LEAST_SPREAD), parameters, kind, **more)


# checks that both norms have ------------------------------------------------------------------
# In a check with a telltale the controls have two axes and a width that is no power of two, so that
# "two axes only" and "powers of two only" fail them, and are not taken for what the telltale says.


def value_cases(rng, parameters):
    words = "the tokens (-3, 0, 2, 5, 8, 12) and (1, 1, 1, 5, 5, 5), γ = (1, 2, 1, 1, 0.5, 1)"
    words += ", β = (0, 0, 1, 0, 0, -0.5)" if parameters == 2 else ""
    return [
        case(rng, TOKENS, parameters, words=words),
        token_case(rng, (4, 7), parameters),
        token_case(rng, (5, 5), parameters),
        token_case(rng, (6, 3), parameters),
    ]


def axes_cases(rng, parameters):
    shapes = [(9,), (2, 3, 5), (3, 3, 3), (2, 3, 2, 7), (2, 1, 3, 2, 5), (1, 1, 6)]
    return [token_case(rng, (3, 6), parameters, control=True)] + [token_case(rng, s, parameters) for s in shapes]


def size_cases(rng, parameters):
    # With one feature LayerNorm has nothing left to normalise: see the constant tokens.
    controls = POWERS_OF_TWO if parameters == 2 else (1, *POWERS_OF_TWO)
    return [token_case(rng, (3, d), parameters, control=True) for d in controls] + [
        token_case(rng, (3, d), parameters) for d in SIZES
    ]


def epsilon_cases(rng, parameters):
    """Together the cases tell a missing ε from one outside the root and from one that is fixed."""
    fine = {"atol": 1e-5}
    x = np.array([[1.0, -1.0, 1.0, -1.0], [0.1, -0.1, 0.1, -0.1]])
    words = "the tokens (1, -1, 1, -1) and (0.1, -0.1, 0.1, -0.1), ε = 0.1, γ = (1, 2, 1, 1)"
    words += ", β = (0, 0, 1, 0)" if parameters == 2 else ""
    cases = [
        case(rng, x, parameters, words=words, kwargs={"eps": 0.1}, **fine),
        token_case(rng, (4, 6), parameters, control=True),
    ]
    drawn = [((5, 8), 0.5, 0.1), ((4, 9), 1e-3, EPS), ((3, 8), 1e-3, 0.1), ((5, 6), 1e-6, 1e-12), ((6, 9), 1e-6, EPS)]
    for shape, spread, eps in drawn:
        location = rng.choice([-1, 1], size=(shape[0], 1)) * spread
        said = f", spread {spread:g}, ε = {eps:g}"
        cases.append(token_case(rng, shape, parameters, said, location, spread, kwargs={"eps": eps}, **fine))
    location = rng.choice([-1, 1], size=(7, 1)) * 2e-3
    cases.append(token_case(rng, (7, 9), parameters, ", spread 0.002, ε left at its default", location, 2e-3, **fine))
    return cases


def zero_cases(rng, parameters):
    """ε cases and tokens of zeros, which have no root mean square to divide by."""
    x = tokens(rng, (5, 7), least_spread=LEAST_SPREAD)
    x[1] = x[3] = 0.0
    return epsilon_cases(rng, parameters) + [case(rng, x, parameters, ", two tokens are zeros")]


def half_cases(rng, parameters):
    """float16: the squares of several hundred overflow, or only the sum of the features. The control stays small."""
    half = {"atol": 0.015, "rtol": 0.005}
    x = np.array([[1.0, -2.0, 300.0, -1.0, 2.0], [400.0, -500.0, 300.0, -350.0, 450.0]])
    words = "the float16 tokens (1, -2, 300, -1, 2) and (400, -500, 300, -350, 450), γ = (1, 2, 1, 1, 0.5)"
    words += ", β = (0, 0, 1, 0, 0)" if parameters == 2 else ""
    two, three = ("float16", "float16"), ("float16", "float32")
    return [
        case(rng, x, parameters, words=words, dtypes=two, **half),
        token_case(
            rng, (3, 24), parameters, " in float16, spread 4", 2.0, 4.0, dtypes=two, control=True, atol=0.1, rtol=0.02
        ),
        token_case(
            rng, (4, 24), parameters, " in float16, spread 400", dtypes=three, spread=400.0, location=100.0, **half
        ),
        token_case(
            rng, (5, 40), parameters, " in float16, spread 300", dtypes=two, spread=300.0, location=-300.0, **half
        ),
        token_case(
            rng, (3, 40), parameters, " in float16, mean 2,000", dtypes=three, spread=300.0, location=2000.0, **half
        ),
    ]


def dtype_cases(rng, parameters):
    def drawn(shape, words, dtypes, slack):
        return token_case(rng, shape, parameters, words, dtypes=dtypes, any_dtype=False, atol=slack, rtol=0.1 * slack)

    return [
        drawn((5, 6), " in float64", ("float64", "float64"), 1e-4),
        drawn((6, 5), " in float32", ("float32", "float32"), 1e-3),
        drawn((6, 7), " in float32, γ in float64", ("float32", "float64"), 1e-3),
        drawn((4, 11), " in float16, γ in float32", ("float16", "float32"), 0.1),
    ]


def layout_cases(rng, parameters):
    apart = []
    for shape, whole in (((4, 10), False), ((6, 11), True)):
        made = token_case(rng, shape, parameters, ", not contiguous")
        args = tuple(wire.Strided(arg) if whole or i == 0 else arg for i, arg in enumerate(made.args))
        apart.append(Case(args, made.words, atol=made.atol, rtol=made.rtol, any_dtype=True, may_change=True))
    return [token_case(rng, (5, 3), parameters, control=True), *apart]


def untouched_cases(rng, parameters):
    # In the dtypes in which a conversion that copies nothing leads back to the caller's array.
    return [
        token_case(rng, (n, 10), parameters, f" in {name}", dtypes=(name, name), may_change=False, atol=slack)
        for n, name, slack in ((3, "float64", 1e-3), (4, "float32", 1e-3), (6, "float16", 0.1))
    ]


def repeat_cases(rng, parameters):
    first = token_case(rng, (5, 7), parameters, control=True)
    others = [token_case(rng, (5, 7), parameters, ", other values than the call before") for _ in range(2)]
    gamma_only = Case(
        (others[1].args[0], *affine(rng, 7, parameters)),
        "the same x and another γ",
        atol=1e-4,
        any_dtype=True,
        may_change=True,
    )
    return [first, *others, gamma_only]


# checks of LayerNorm alone --------------------------------------------------------------------


def offset_cases(rng, parameters):
    both = ("float32", "float32")
    cases = [token_case(rng, (3, 9), parameters, " in float32", dtypes=both, control=True)]
    for shape, offset, slack in (((8, 64), 1e3, 0.01), ((9, 64), 1e4, 0.1), ((8, 48), -1e4, 0.1)):
        words = f" in float32, features around {offset:g}"
        cases.append(token_case(rng, shape, parameters, words, offset, 1.0, dtypes=both, atol=slack))
    return cases


def constant_cases(rng, parameters):
    """Constant tokens. The levels are exact in binary, so that their mean is, in whatever order one adds.

    Only 0.1 is not: without ε its rounding error comes out as ±1, which tells a missing ε from a
    division of its own by a spread of 0.
    """
    x = tokens(rng, (5, 6), least_spread=LEAST_SPREAD)
    x[1], x[4] = rng.integers(1, 40), -rng.integers(1, 40) / 4
    words = "the tokens (7, 7, 7) and (0.1, 0.1, 0.1), γ = (1, 2, 1), β = (0, 0, 1)"
    return [
        case(rng, np.array([[7.0] * 3, [0.1] * 3]), parameters, words=words),
        token_case(rng, (4, 5), parameters, control=True),
        case(rng, x, parameters, ", two tokens are constant"),
        token_case(rng, (4, 1), parameters, location=rng.integers(-40, 40, size=(4, 1)) / 8),
    ]


# calls ----------------------------------------------------------------------------------------


def invoke(name: str):
    """Call a norm; the cache stays with the student."""

    def run(student: Student, case: Case) -> Reply:
        reply = reading.as_tuple(student.call(name, *case.args, keep=(1,), **case.kwargs), "the pair (y, cache)", 2)
        if reply.problem:
            return reply
        if isinstance(reply.value[0], (tuple, list, dict)):
            # A list is rather a y that was built entry by entry than a cache.
            sign = "list-for-array" if isinstance(reply.value[0], list) else "outputs-swapped"
            return Reply(
                problem=f"y is {reading.name_of(reply.value[0])}; expected a NumPy array",
                brief="y is something else; expected a NumPy array", error_type=Kind.OTHER, sign=sign,
            )  # fmt: skip
        return Reply(reply.value[:1], changed=reply.changed, warnings=reply.warnings)

    return run


def invoke_axes(student: Student, case: Case) -> Reply:
    """Ask for axes; count negative ones from the front. ValueError is the answer to an unknown kind."""
    kind, ndim = case.args
    reply = student.call("normalization_axes", kind, ndim)
    if kind not in KINDS:
        if reply.error_type == "ValueError":
            return Reply(((),))
        return reply if reply.problem else Reply(
            problem=f"returned {_in_words(reply.value)}; expected that it raises ValueError", error_type=Kind.OTHER
        )  # fmt: skip
    if reply.problem:
        return reply
    axes = reply.value
    if _is_index(axes):  # (2) is an integer, (2,) a tuple
        axes = (axes,)
    if isinstance(axes, (tuple, list)):
        count = ndim + (kind == "group")
        axes = tuple(a + count if _is_index(a) and -count <= a < 0 else a for a in axes)
    return Reply((axes,))


def _is_index(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _in_words(value: object) -> str:
    if isinstance(value, tuple) and len(value) <= 6 and all(map(_is_index, value)):
        return str(tuple(int(i) for i in value))
    return reading.name_of(value)


# suspects -------------------------------------------------------------------------------------


def like_layernorm(x, gamma, beta, eps, centre=mean, divisor=None):
    """LayerNorm with another centre, or another divisor of the deviations (a function of them and ε)."""
    deviation = x - centre(x)
    divisor = divisor or (lambda dev, eps: np.sqrt(mean(dev**2) + eps))
    return (gamma * (deviation / divisor(deviation, eps)) + beta,)


def divided(by):
    return lambda x, gamma, beta, eps=EPS: like_layernorm(x, gamma, beta, eps, divisor=by)


def over(axes):
    """LayerNorm and RMSNorm with statistics over ``axes(x)``."""

    def layer(x, gamma, beta, eps=EPS):
        return like_layernorm(
            x, gamma, beta, eps, lambda v: mean(v, axes(x)), lambda d, e: np.sqrt(mean(d**2, axes(x)) + e)
        )

    def rms(x, gamma, eps=EPS):
        return (gamma * (x / np.sqrt(mean(x**2, axes(x)) + eps)),)

    return layer, rms


def first_axis(x):
    return 0


def next_to_last_axis(x):
    return -2


def leading_axes(x):
    return tuple(range(x.ndim - 1))


def all_axes(x):
    return None


def missing(n: int) -> int:
    """How many lanes a block of a power of two has beyond n."""
    return (1 << (n - 1).bit_length()) - n


def padded(x: np.ndarray) -> np.ndarray:
    return np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing(x.shape[-1]))])


def padded_layernorm(count_mean: bool, count_variance: bool):
    """Deviations of the padded row, its padding included; the two say what divides by the padded length."""

    def imitation(x, gamma, beta, eps=EPS):
        d, block = x.shape[-1], padded(x)
        mu = block.sum(-1, keepdims=True) / (block.shape[-1] if count_mean else d)
        variance = ((block - mu) ** 2).sum(-1, keepdims=True) / (block.shape[-1] if count_variance else d)
        return (gamma * (x - mu) / np.sqrt(variance + eps) + beta,)

    return imitation


def padded_mean_only(x, gamma, beta, eps=EPS):
    """The mean over the padded length, the deviations of the true features only."""
    mu = x.sum(-1, keepdims=True) / padded(x).shape[-1]
    return like_layernorm(x, gamma, beta, eps, centre=lambda v: mu)


def written(x_hat):
    """LayerNorm with another x̂, a function of x and ε."""
    return lambda x, gamma, beta, eps=EPS: (gamma * x_hat(x, eps) + beta,)


def right(x, eps):
    return (x - mean(x)) / np.sqrt(variance(x) + eps)


def total(x):
    return x.sum(-1, keepdims=True)


def layernorm_without_keepdims(x, gamma, beta, eps=EPS):
    deviation = x - x.mean(axis=-1)
    return (gamma * deviation / np.sqrt(x.var(axis=-1) + eps) + beta,)


def variance_without_keepdims(x, gamma, beta, eps=EPS):
    return (gamma * (x - mean(x)) / np.sqrt(x.var(axis=-1) + eps) + beta,)


def mean_without_keepdims(x, gamma, beta, eps=EPS):
    """The variance is right."""
    return (gamma * (x - x.mean(axis=-1)) / np.sqrt(variance(x) + eps) + beta,)


def deviations_without_keepdims(x, gamma, beta, eps=EPS):
    """The variance is that of the wrong deviations."""
    deviation = x - x.mean(axis=-1)
    return (gamma * deviation / np.sqrt(mean(deviation**2) + eps) + beta,)


def divided_by_spread_first(x, gamma, beta, eps=EPS):
    """Right but for 0/0: divides by the spread, and mends ε afterwards."""
    spread = np.sqrt(mean((x - mean(x)) ** 2))
    return (gamma * ((x - mean(x)) / spread) * (spread / np.sqrt(spread**2 + eps)) + beta,)


def divided_by_rms_first(x, gamma, eps=EPS):
    size = np.sqrt(mean(x**2))
    return (gamma * (x / size) * (size / np.sqrt(size**2 + eps)),)


def by_length(x, centre, eps):
    """x̂ with the length of the first axis for the number of features."""
    return (x - centre) / np.sqrt(sum_of_squares(x - centre) / len(x) + eps)


HALF_MAX = 65504.0


def erased(measure):
    """The norms with statistics in float16: a token whose ``measure`` overflows becomes 0 before the affine part.

    measure: from deviations (RMSNorm: features) to the number that has to fit into float16.
    """

    def layer(x, gamma, beta, eps=EPS):
        wide = x.astype("float64")
        lost = (measure(wide - mean(wide)) > HALF_MAX) & (x.dtype == np.float16)
        return (np.where(lost, beta, layernorm(wide, gamma.astype("float64"), beta, eps)[0]),)

    def rms(x, gamma, eps=EPS):
        wide = x.astype("float64")
        lost = (measure(wide) > HALF_MAX) & (x.dtype == np.float16)
        return (np.where(lost, 0.0, rmsnorm(wide, gamma.astype("float64"), eps)[0]),)

    return layer, rms


def mean_square(v):
    return mean(v**2)


def sum_of_squares(v):
    return (v**2).sum(-1, keepdims=True)


def column(values: np.ndarray) -> np.ndarray:
    return values[:, None]


def right_rms(x, eps):
    return x / np.sqrt(mean_square(x) + eps)


def written_rms(x_hat):
    """RMSNorm with another x̂, a function of x and ε."""
    return lambda x, gamma, eps=EPS: (gamma * x_hat(x, eps),)


# Divisors in which ε has a part, and a wrong one: of the number m that belongs under the root, and of d.
MISPLACED = (
    lambda m, e, d: np.sqrt(m) + np.sqrt(e),
    lambda m, e, d: np.sqrt(m + e**2),
    lambda m, e, d: np.sqrt(m + e / d),
    lambda m, e, d: np.sqrt(m - e),
    lambda m, e, d: np.sqrt(np.abs(m - e)),
    lambda m, e, d: np.sqrt(m * (1 + e)),
    lambda m, e, d: np.sqrt(m + e) + e,
)


def outside_root(v, eps):
    return np.sqrt(mean_square(v)) + eps


FIXED = (1e-3, 1e-5, 1e-6, 1e-8, 1e-12)
DEFAULTS = (0.0, 1e-3, 1e-6, 1e-8, 1e-12)

LAYERNORM_SUSPECTS = (
    Suspect("half-precision-statistics", erased(mean_square)[0], raw=True),
    Suspect("half-precision-statistics", erased(sum_of_squares)[0], raw=True),
    Suspect("nan-on-constant", divided_by_spread_first),
    Suspect(
        "ddof-1", divided(lambda dev, e: np.sqrt((dev**2).sum(-1, keepdims=True) / np.float64(dev.shape[-1] - 1) + e))
    ),
    Suspect(
        "ddof-1", divided(lambda dev, e: np.sqrt((dev**2).sum(-1, keepdims=True) / np.float64(dev.shape[-1] - 1)) + e)
    ),
    Suspect("rms-for-layernorm", lambda x, g, b, eps=EPS: (rmsnorm(x, g, eps)[0] + b,)),
    Suspect("rms-for-layernorm", lambda x, g, b, eps=EPS: rmsnorm(x, g, eps)),
    Suspect("affine-ignored", lambda x, g, b, eps=EPS: layernorm(x, 1.0, 0.0, eps)),
    Suspect("affine-ignored", lambda x, g, b, eps=EPS: layernorm(x, g, 0.0, eps)),
    Suspect("affine-ignored", lambda x, g, b, eps=EPS: layernorm(x, 1.0, b, eps)),
    Suspect("affine-before", lambda x, g, b, eps=EPS: layernorm(g * x + b, 1.0, 0.0, eps)),
    Suspect("affine-before", lambda x, g, b, eps=EPS: ((g * (x - mean(x)) + b) / np.sqrt(variance(x) + eps),)),
    Suspect("affine-wrong-shape", lambda x, g, b, eps=EPS: layernorm(x, column(g), column(b), eps)),
    Suspect("affine-wrong-shape", lambda x, g, b, eps=EPS: layernorm(x, column(g), b, eps)),
    Suspect("keepdims-missing", layernorm_without_keepdims),
    Suspect("keepdims-missing", variance_without_keepdims),
    Suspect("keepdims-missing", mean_without_keepdims),
    Suspect("keepdims-missing", deviations_without_keepdims),
    Suspect("whole-array", over(all_axes)[0]),
    Suspect("whole-array", written(lambda x, e: (x - x.mean()) / np.sqrt(variance(x) + e))),
    Suspect("whole-array", written(lambda x, e: (x - x.mean()) / np.sqrt(mean((x - x.mean()) ** 2) + e))),
    Suspect("whole-array", written(lambda x, e: (x - mean(x)) / np.sqrt(x.var() + e))),
    Suspect("whole-array", written(lambda x, e: (x - mean(x)) / np.sqrt(variance(x).mean() + e))),
    Suspect("whole-array", divided(lambda dev, e: np.sqrt((dev**2).sum() / dev.shape[-1] + e))),
    Suspect("wrong-axis", over(first_axis)[0]),
    Suspect("wrong-axis", written(lambda x, e: (x - mean(x, 0)) / np.sqrt(variance(x) + e))),
    Suspect("wrong-axis", written(lambda x, e: (x - mean(x)) / np.sqrt(variance(x, 0) + e))),
    Suspect("wrong-axis", divided(lambda dev, e: np.sqrt(mean(dev**2, 0) + e))),
    Suspect("wrong-axis", written(added_down)),
    Suspect("wrong-axis", written(lambda x, e: (x - x.sum(0) / x.shape[-1]) / np.sqrt(variance(x) + e))),
    Suspect("wrong-axis", over(leading_axes)[0]),
    Suspect("wrong-axis", over(next_to_last_axis)[0]),
    Suspect("divided-by-tokens", written(lambda x, e: by_length(x, total(x) / len(x), e))),
    Suspect("divided-by-tokens", written(lambda x, e: by_length(x, mean(x), e))),
    Suspect("half-not-root", divided(lambda dev, e: (mean(dev**2) + e) / 2)),
    Suspect("half-not-root", divided(lambda dev, e: (mean(dev**2) + e) * 2)),
    Suspect("missing-parentheses", written(lambda x, e: x - mean(x) / np.sqrt(variance(x) + e))),
    Suspect("missing-parentheses", lambda x, g, b, eps=EPS: (g * x - mean(x) / np.sqrt(variance(x) + eps) + b,)),
    Suspect("missing-parentheses", lambda x, g, b, eps=EPS: (x - mean(x) / np.sqrt(variance(x) + eps) * g + b,)),
    Suspect("affine-wrong", lambda x, g, b, eps=EPS: (right(x, eps) + g + b,)),
    Suspect("affine-wrong", lambda x, g, b, eps=EPS: (right(x, eps) / g + b,)),
    Suspect("affine-wrong", lambda x, g, b, eps=EPS: (right(x, eps) * (1 + g) + b,)),
    Suspect("affine-wrong", lambda x, g, b, eps=EPS: (right(x, eps) * g - b,)),
    Suspect("affine-wrong", lambda x, g, b, eps=EPS: (right(x, eps) @ g + b,)),
    Suspect("no-root", divided(lambda dev, e: mean(dev**2) + e)),
    Suspect("sum-for-mean", divided(lambda dev, e: np.sqrt((dev**2).sum(-1, keepdims=True) + e))),
    Suspect("not-centred", written(lambda x, e: x / np.sqrt(variance(x) + e))),
    Suspect("not-centred", written(lambda x, e: (x - mean(x)) / np.sqrt(mean(x**2) + e))),
    Suspect("only-centred", written(lambda x, e: x - mean(x))),
    Suspect("multiplied", written(lambda x, e: (x - mean(x)) * np.sqrt(variance(x) + e))),
    Suspect("sign-reversed", written(lambda x, e: -right(x, e))),
    Suspect("sum-subtracted", written(lambda x, e: (x - total(x)) / np.sqrt(variance(x) + e))),
    Suspect("sum-subtracted", written(lambda x, e: (x - total(x)) / np.sqrt(mean((x - total(x)) ** 2) + e))),
    Suspect("root-twice", written(lambda x, e: (x - mean(x)) / np.sqrt(np.sqrt(variance(x)) + e))),
    # Also what one pass gives where all digits cancel; there the other cases are right.
    Suspect(
        "not-squared", written(lambda x, e: (x - mean(x)) / np.sqrt(mean(x - mean(x)) + e)), throughout=True
    ),
    Suspect("not-averaged", written(lambda x, e: (x - mean(x)) / np.sqrt((x - mean(x)) ** 2 + e))),
    Suspect("root-before-mean", written(lambda x, e: deviation(x) / (np.sqrt(total(deviation(x) ** 2) + e) / x.shape[-1]))),
    Suspect("root-before-mean", written(lambda x, e: deviation(x) / np.sqrt(total(deviation(x) ** 2) / x.shape[-1] ** 2 + e))),
    Suspect("beta-scaled", lambda x, g, b, eps=EPS: (g * (right(x, eps) + b),)),
    Suspect("gamma-beta-swapped", lambda x, g, b, eps=EPS: (b * right(x, eps) + g,)),
    Suspect("padded-lanes", padded_layernorm(False, False)),
    Suspect("padded-lanes", padded_layernorm(True, True)),
    Suspect("padded-lanes", padded_layernorm(False, True)),
    Suspect("padded-lanes", padded_mean_only),
    # Before a missing ε, which a tiny default resembles where ε is not given.
    *(Suspect("eps-default", lambda x, g, b, eps=default: layernorm(x, g, b, eps)) for default in DEFAULTS),
    Suspect("eps-missing", lambda x, g, b, eps=EPS: like_layernorm(x, g, b, 0.0)),
    *(
        Suspect("eps-outside-root", lambda x, g, b, eps=default: like_layernorm(x, g, b, eps, divisor=outside_root))
        for default in (EPS, *DEFAULTS)
    ),
    Suspect("eps-as-floor", divided(lambda dev, e: np.sqrt(np.maximum(mean(dev**2), e)))),
    Suspect("eps-as-floor", divided(lambda dev, e: np.maximum(np.sqrt(mean(dev**2)), e))),
    *(Suspect("eps-misplaced", divided(lambda dev, e, by=by: by(mean(dev**2), e, dev.shape[-1]))) for by in MISPLACED),
    Suspect("eps-misplaced", written(lambda x, e: right(x, 0.0) + e)),
    Suspect("eps-misplaced", written(lambda x, e: right(x, e) + e / np.sqrt(variance(x) + e))),
    Suspect("residual-added", lambda x, g, b, eps=EPS: (x + g * right(x, eps) + b,)),
    Suspect("absolute-deviation", divided(lambda dev, e: mean(np.abs(dev)) + e)),
    Suspect("absolute-deviation", divided(lambda dev, e: np.sqrt(mean(np.abs(dev)) ** 2 + e))),
    *(Suspect("eps-fixed", lambda x, g, b, eps=EPS, fixed=fixed: layernorm(x, g, b, fixed)) for fixed in FIXED),
    *(Suspect("eps-fixed", divided(lambda dev, e, fixed=fixed: outside_root(dev, fixed))) for fixed in FIXED),
)


RMSNORM_SUSPECTS = (
    Suspect("half-precision-statistics", erased(mean_square)[1], raw=True),
    Suspect("half-precision-statistics", erased(sum_of_squares)[1], raw=True),
    Suspect("nan-on-constant", divided_by_rms_first),
    Suspect("layernorm-for-rms", lambda x, g, eps=EPS: layernorm(x, g, 0.0, eps)),
    Suspect("layernorm-for-rms", lambda x, g, eps=EPS: (g * x / np.sqrt(mean_square(x - mean(x)) + eps),)),
    Suspect("layernorm-for-rms", lambda x, g, eps=EPS: (g * (x - mean(x)) / np.sqrt(mean_square(x) + eps),)),
    Suspect("affine-ignored", lambda x, g, eps=EPS: rmsnorm(x, 1.0, eps)),
    Suspect("affine-before", lambda x, g, eps=EPS: rmsnorm(g * x, 1.0, eps)),
    Suspect("affine-wrong-shape", lambda x, g, eps=EPS: rmsnorm(x, column(g), eps)),
    Suspect("keepdims-missing", lambda x, g, eps=EPS: (g * x / np.sqrt((x**2).mean(axis=-1) + eps),)),
    Suspect("whole-array", over(all_axes)[1]),
    Suspect("whole-array", written_rms(lambda x, e: x / np.sqrt((x**2).sum() / x.shape[-1] + e))),
    Suspect("wrong-axis", over(first_axis)[1]),
    Suspect("wrong-axis", over(leading_axes)[1]),
    Suspect("wrong-axis", over(next_to_last_axis)[1]),
    Suspect("ddof-1", lambda x, g, eps=EPS: (g * x / np.sqrt(sum_of_squares(x) / np.float64(x.shape[-1] - 1) + eps),)),
    Suspect("divided-by-tokens", lambda x, g, eps=EPS: (g * by_length(x, 0.0, eps),)),
    Suspect("half-not-root", lambda x, g, eps=EPS: (g * x / (mean_square(x) + eps) * 2,)),
    Suspect("half-not-root", lambda x, g, eps=EPS: (g * x / (mean_square(x) + eps) / 2,)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) + g,)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) / g,)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) * (1 + g),)),
    Suspect("affine-wrong", lambda x, g, eps=EPS: (right_rms(x, eps) @ g,)),
    Suspect("no-root", lambda x, g, eps=EPS: (g * x / (mean_square(x) + eps),)),
    Suspect("sum-for-mean", lambda x, g, eps=EPS: (g * x / np.sqrt((x**2).sum(-1, keepdims=True) + eps),)),
    Suspect("multiplied", lambda x, g, eps=EPS: (g * x * np.sqrt(mean_square(x) + eps),)),
    Suspect("not-squared", lambda x, g, eps=EPS: (g * x / np.sqrt(mean(x) + eps),)),
    Suspect("not-squared", lambda x, g, eps=EPS: (g * x / np.sqrt(mean(x) ** 2 + eps),)),
    Suspect("not-averaged", lambda x, g, eps=EPS: (g * x / np.sqrt(x**2 + eps),)),
    Suspect("root-before-mean", lambda x, g, eps=EPS: (g * x / (np.sqrt(sum_of_squares(x) + eps) / x.shape[-1]),)),
    Suspect("root-before-mean", lambda x, g, eps=EPS: (g * x / np.sqrt(sum_of_squares(x) / x.shape[-1] ** 2 + eps),)),
    Suspect("padded-lanes", lambda x, g, eps=EPS: (g * x / np.sqrt(mean_square(padded(x)) + eps),)),
    *(Suspect("eps-default", lambda x, g, eps=default: rmsnorm(x, g, eps)) for default in DEFAULTS),
    Suspect("eps-missing", lambda x, g, eps=EPS: (g * x / np.sqrt(mean_square(x)),)),
    *(Suspect("eps-outside-root", lambda x, g, eps=default: (g * x / outside_root(x, eps),)) for default in (EPS, *DEFAULTS)),
    Suspect("eps-as-floor", lambda x, g, eps=EPS: (g * x / np.sqrt(np.maximum(mean_square(x), eps)),)),
    Suspect("eps-as-floor", lambda x, g, eps=EPS: (g * x / np.maximum(np.sqrt(mean_square(x)), eps),)),
    # A unit vector times √d.
    Suspect("eps-as-floor", lambda x, g, eps=EPS: (g * x * x.shape[-1] ** 0.5 / np.maximum(np.sqrt(sum_of_squares(x)), eps),)),
    *(Suspect("eps-misplaced", written_rms(lambda x, e, by=by: x / by(mean_square(x), e, x.shape[-1]))) for by in MISPLACED),
    Suspect("eps-misplaced", written_rms(lambda x, e: right_rms(x, 0.0) + e)),
    Suspect("eps-misplaced", written_rms(lambda x, e: x / np.sqrt(mean_square(x + e)))),
    *(Suspect("eps-fixed", lambda x, g, eps=EPS, fixed=fixed: rmsnorm(x, g, fixed)) for fixed in FIXED),
    *(Suspect("eps-fixed", lambda x, g, eps=EPS, fixed=fixed: (g * x / outside_root(x, fixed),)) for fixed in FIXED),
)


def kinds(imitations: dict):
    """A suspect that is wrong in the given kinds and right in the others."""
    return lambda kind, ndim: (np.array(imitations[kind](ndim)),) if kind in imitations else axes_of(kind, ndim)


def other_axes(kind, ndim):
    count = ndim + (kind == "group")
    return (np.array([a for a in range(count) if a not in axes_of(kind, ndim)[0]]),)


def as_images(kind, ndim):
    """Three axes read as (N, C, L)."""
    return (
        (np.array({"batch": [0, 2], "layer": [1, 2], "instance": [2], "group": [2, 3]}[kind]),)
        if ndim == 3
        else axes_of(kind, ndim)
    )


def as_tokens(kind, ndim):
    """The features taken for the last axis, however many there are."""
    of_last = {"batch": range(ndim - 1), "layer": [ndim - 1], "instance": range(1, ndim - 1), "group": [ndim]}
    return (np.array(of_last[kind]),) if kind in of_last else axes_of(kind, ndim)


def without_last(kind, ndim):
    """Of the axes that ``range`` makes, the last is missing."""
    return (np.array([a for a in axes_of(kind, ndim)[0] if ndim == 3 or a < ndim - 1 + (kind == "group")]),)


AXES_SUSPECTS = (
    Suspect("tokens-as-images", as_images),
    Suspect("axes-kept", other_axes),
    Suspect("ndim-ignored", lambda kind, ndim: axes_of(kind, 4)),
    Suspect("batch-only-samples", kinds({"batch": lambda n: [0]})),
    Suspect("layer-one-axis", kinds({"layer": lambda n: [n - 1]})),
    Suspect("layer-one-axis", kinds({"layer": lambda n: [2] if n == 3 else [1]})),
    Suspect("group-not-split", kinds({"group": lambda n: [2] if n == 3 else range(1, n)})),
    Suspect("group-not-split", kinds({"group": lambda n: [3] if n == 3 else range(2, n)})),
    Suspect("group-not-split", kinds({"group": lambda n: [3] if n == 3 else sorted([2, *range(2, n)])})),
    Suspect("group-over-positions", kinds({"group": lambda n: [1, 3] if n == 3 else axes_of("group", n)[0]})),
    Suspect("group-over-groups", kinds({"group": lambda n: [2, 3] if n == 3 else range(1, n + 1)})),
    Suspect("group-one-axis", kinds({"group": lambda n: [3] if n == 3 else [2]})),
    Suspect("group-one-axis", kinds({"group": lambda n: [n]})),
    Suspect("group-one-axis", kinds({"group": lambda n: [3] if n == 3 else range(3, n + 1)})),
) + tuple(
    Suspect("another-kind", kinds({kind: lambda n, other=other: axes_of(other, n)[0]}))
    for kind in KINDS
    for other in ("batch", "layer", "instance")
    if other != kind
) + (
    # Of one kind alone these look like a mistake in that kind.
    Suspect("axes-from-one", lambda kind, ndim: (axes_of(kind, ndim)[0] + 1,)),
    Suspect("last-axis-missed", without_last),
    Suspect("images-as-tokens", as_tokens),
)


# exercises ------------------------------------------------------------------------------------


def axes_case(kind: str, ndim: int, **more) -> Case:
    return Case((kind, ndim), f"kind '{kind}' and {ndim} axes {LAYOUTS[ndim]}", **more)


def kind_cases(kind: str):
    """Two to six axes. There is nothing secret in these; a constant is wrong in every kind."""
    return lambda rng: [axes_case(kind, ndim, public=ndim in (3, 4)) for ndim in (4, 3, 2, 5, 6)]


def unknown_cases(rng):
    word = "".join(rng.choice(list("acemnorsuvwxz"), size=7))
    known = [axes_case(kind, 4, control=True) for kind in ("batch", "instance")]
    shown = Case(("laier", 4), "the unknown kind 'laier' and 4 axes", public=True)
    return [shown, *known, *(Case((word, ndim), f"an unknown kind and {ndim} axes") for ndim in (2, 3, 5))]


def for_layernorm(cases):
    return functools.partial(cases, parameters=2)


def for_rmsnorm(cases):
    return functools.partial(cases, parameters=1)


LAYERNORM_FORWARD = Exercise(
    name="layernorm_forward",
    functions=("layernorm_forward",),
    outputs=(Output("y"),),
    invoke=invoke("layernorm_forward"),
    reference=layernorm,
    section="layernorm-equation",
    checks=(
        Check(
            "values",
            "Each token is normalised by its own features, then scaled and shifted",
            2,
            "layernorm-equation",
            for_layernorm(value_cases),
        ),
        Check(
            "axes", "Any number of axes before the last, and none", 2, "any-shape", for_layernorm(axes_cases), "only-2d"
        ),
        Check("sizes", "Any number of features", 1, "forward-numerics", for_layernorm(size_cases), "power-of-two-only"),
        Check(
            "epsilon", "ε stands inside the root and follows the argument", 2, "epsilon", for_layernorm(epsilon_cases)
        ),
        Check(
            "constant",
            "Constant tokens and single features give β",
            1,
            "epsilon",
            for_layernorm(constant_cases),
            "nan-on-constant",
        ),
        Check(
            "offset",
            "A large common offset does no harm in float32",
            2,
            "forward-numerics",
            for_layernorm(offset_cases),
            "one-pass-variance",
        ),
        Check(
            "half",
            "float16 tokens of hundreds and thousands do not overflow",
            1,
            "forward-numerics",
            for_layernorm(half_cases),
            "half-precision-statistics",
        ),
        Check("dtype", "The result has x's dtype", 1, "forward-numerics", for_layernorm(dtype_cases)),
        Check(
            "layout",
            "Arrays that are not contiguous in memory",
            1,
            "any-shape",
            for_layernorm(layout_cases),
            "memory-order",
        ),
        Check("untouched", "The arguments are left as they were", 1, "any-shape", for_layernorm(untouched_cases)),
        Check(
            "repeat",
            "Every call computes from its own arguments",
            1,
            "any-shape",
            for_layernorm(repeat_cases),
            "cached-answer",
        ),
    ),
    suspects=LAYERNORM_SUSPECTS,
    misconceptions=BOTH | LAYERNORM_ONLY,
)

RMSNORM_FORWARD = Exercise(
    name="rmsnorm_forward",
    functions=("rmsnorm_forward",),
    outputs=(Output("y"),),
    invoke=invoke("rmsnorm_forward"),
    reference=rmsnorm,
    section="rmsnorm",
    checks=(
        Check(
            "values",
            "Each token is divided by the root of its mean square, then scaled",
            2,
            "rmsnorm",
            for_rmsnorm(value_cases),
        ),
        Check(
            "axes", "Any number of axes before the last, and none", 1, "any-shape", for_rmsnorm(axes_cases), "only-2d"
        ),
        Check("sizes", "Any number of features", 1, "forward-numerics", for_rmsnorm(size_cases), "power-of-two-only"),
        Check(
            "epsilon",
            "ε stands inside the root, follows the argument and keeps zeros finite",
            2,
            "epsilon",
            for_rmsnorm(zero_cases),
        ),
        Check(
            "half",
            "float16 tokens of hundreds and thousands do not overflow",
            1,
            "forward-numerics",
            for_rmsnorm(half_cases),
            "half-precision-statistics",
        ),
        Check("dtype", "The result has x's dtype", 1, "forward-numerics", for_rmsnorm(dtype_cases)),
        Check(
            "layout",
            "Arrays that are not contiguous in memory",
            1,
            "any-shape",
            for_rmsnorm(layout_cases),
            "memory-order",
        ),
        Check("untouched", "The arguments are left as they were", 1, "any-shape", for_rmsnorm(untouched_cases)),
        Check(
            "repeat",
            "Every call computes from its own arguments",
            1,
            "any-shape",
            for_rmsnorm(repeat_cases),
            "cached-answer",
        ),
    ),
    suspects=RMSNORM_SUSPECTS,
    misconceptions=BOTH | RMSNORM_ONLY,
)

NORMALIZATION_AXES = Exercise(
    name="normalization_axes",
    functions=("normalization_axes",),
    outputs=(Output("the result", "axes"),),
    invoke=invoke_axes,
    reference=axes_of,
    section="which-axes",
    checks=(
        Check("batch", "Batch norm: every axis but the channels", 1, "which-axes", kind_cases("batch")),
        Check("layer", "Layer norm: a whole sample, or one token's features", 1, "which-axes", kind_cases("layer")),
        Check(
            "instance", "Instance norm: every axis but samples and channels", 1, "which-axes", kind_cases("instance")
        ),
        Check("group", "Group norm: axes of the array with split channels", 1, "which-axes", kind_cases("group")),
        Check("unknown", "An unknown kind raises ValueError", 1, "which-axes", unknown_cases, "unknown-kind"),
    ),
    suspects=AXES_SUSPECTS,
    misconceptions=AXES_ONLY,
)

QUIZ = Quiz(
    name="quiz_2_layernorm_forward",
    variable="answers",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "768 is the number of γs, and of means in batch norm: one a feature. LayerNorm has one a token.",
                "b": "8 means would be one a sequence: the positions of a sequence do not share a mean in LayerNorm.",
                "d": "A single mean for the whole array would let every token depend on every other.",
            },
            "which-axes",
        ),
        Question(
            "q2", "d",
            {
                "a": "The variance of x̂ is σ²/(σ² + ε); it is near 1 only while σ² is much larger than ε, and here it is "
                "ten times smaller.",
                "b": "One half is where σ² equals ε. Here ε is ten times σ².",
                "c": "0.30 is the standard deviation, the root of σ²/(σ² + ε). Asked for is the variance.",
            },
            "epsilon",
        ),
        Question(
            "q3", "b",
            {
                "a": "NaN needs 0/0 or ∞/∞. The deviations are finite; only their squares overflow.",
                "c": "Rounding to 11 bits is the smaller trouble: 300² = 90,000 lies beyond float16's range.",
                "d": "The variance is infinite and stands below the fraction bar: finite over infinite is 0.",
            },
            "forward-numerics",
        ),
        Question(
            "q4", "a",
            {
                "b": "With statistics over the batch a token's output differs visibly at any width.",
                "c": "γ and β before normalising change every feature by a factor of its own, at any width.",
                "d": "RMSNorm differs from LayerNorm by the mean; with a mean of about 2 that is no matter of 0.1 %.",
            },
            "layernorm-equation",
        ),
        Question(
            "q5", "b",
            {
                "a": "A spread of 1 fixes σ, but mean(x²) = σ² + μ² also holds the mean.",
                "c": "Positive features have a positive mean: the two differ.",
                "d": "On a constant token LayerNorm gives 0, RMSNorm ±1.",
            },
            "rmsnorm",
        ),
    ),
)  # fmt: skip

TOPIC = Topic(
    stem="2_layernorm_forward",
    exercises=(LAYERNORM_FORWARD, RMSNORM_FORWARD, NORMALIZATION_AXES),
    quiz=QUIZ,
    rules=Rules(forbidden=("torch", *LIBRARIES)),
)
