"""What several exercises of this topic share."""

import numpy as np

from autograder import reading
from autograder.exercise import Case
from autograder.exercises.misconceptions import common, half_not_root, in_section, named
from autograder.exercises.norm_parts import mean, tokens, total
from autograder.student import Kind, Reply, Student
from autograder.student_side import wire

SIZES = (3, 5, 7, 768, 1000)
POWERS_OF_TWO = (2, 64)
EPS = 1e-5

LEAST_SPREAD = 2.0

TOKENS = np.array([[-3.0, 0.0, 2.0, 5.0, 8.0, 12.0], [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]])
GAMMA = np.array([1.0, 2.0, 1.0, 1.0, 0.5, 1.0])
BETA = np.array([0.0, 0.0, 1.0, 0.0, 0.0, -0.5])


# misconceptions ---------------------------------------------------------------------------------

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


# references -------------------------------------------------------------------------------------


def layernorm(x, gamma, beta, eps=EPS) -> tuple:
    """LayerNorm in extended precision."""
    exact = x.astype(np.longdouble)
    deviation = exact - mean(exact)
    return (gamma * (deviation / np.sqrt(mean(deviation**2) + eps)) + beta,)


def rmsnorm(x, gamma, eps=EPS) -> tuple:
    """RMSNorm in extended precision."""
    exact = x.astype(np.longdouble)
    return (gamma * (exact / np.sqrt(mean(exact**2) + eps)),)


# drawing ----------------------------------------------------------------------------------------


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


# cases ------------------------------------------------------------------------------------------


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


# calls ------------------------------------------------------------------------------------------


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


# suspects ---------------------------------------------------------------------------------------


def missing(n: int) -> int:
    """How many lanes a block of a power of two has beyond n."""
    return (1 << (n - 1).bit_length()) - n


def padded(x: np.ndarray) -> np.ndarray:
    return np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing(x.shape[-1]))])


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


def sum_of_squares(v):
    return total(v**2)


def column(values) -> np.ndarray:
    return np.asarray(values)[..., None]


def outside_root(v, eps, d):
    return np.sqrt(v) + eps


# What may stand where the mean over the features belongs.
AVERAGES = (
    ("keepdims-missing", lambda v: v.mean(axis=-1)),
    ("whole-array", lambda v: v.mean()),
    ("wrong-axis", lambda v: mean(v, 0)),
    ("wrong-axis", lambda v: mean(v, tuple(range(v.ndim - 1)))),
    ("wrong-axis", lambda v: mean(v, -2)),
    ("wrong-axis", lambda v: v.sum(0) / v.shape[-1]),  # Python's own sum
    ("divided-by-tokens", lambda v: total(v) / len(v)),
)

# What goes wrong in both norms: (misconception, what stands in place of the right parts).
COMMON_PARTS = (
    ("ddof-1", {"spread": lambda x, dev: sum_of_squares(dev) / np.float64(x.shape[-1] - 1)}),
    ("affine-ignored", {"affine": lambda h, g, b, x: h}),
    ("affine-wrong-shape", {"affine": lambda h, g, b, x: column(g) * h + column(b)}),
    ("affine-wrong", {"affine": lambda h, g, b, x: h + g + b}),
    ("affine-wrong", {"affine": lambda h, g, b, x: h / g + b}),
    ("affine-wrong", {"affine": lambda h, g, b, x: h * (1 + g) + b}),
    ("affine-wrong", {"affine": lambda h, g, b, x: h @ g + b}),
    *((name, {"spread": lambda x, dev, average=average: average(dev**2)}) for name, average in AVERAGES),
    ("whole-array", {"spread": lambda x, dev: (dev**2).sum() / x.shape[-1]}),
    ("half-not-root", {"root": lambda v, e, d: (v + e) / 2}),
    ("half-not-root", {"root": lambda v, e, d: (v + e) * 2}),
    ("no-root", {"root": lambda v, e, d: v + e}),
    ("sum-for-mean", {"spread": lambda x, dev: sum_of_squares(dev)}),
    ("multiplied", {"quotient": lambda x, mu, s: (x - mu) * s}),
    ("not-averaged", {"spread": lambda x, dev: dev**2}),
    ("root-before-mean", {"spread": lambda x, dev: sum_of_squares(dev), "root": lambda v, e, d: np.sqrt(v + e) / d}),
    ("root-before-mean", {"spread": lambda x, dev: sum_of_squares(dev) / x.shape[-1] ** 2}),
)

FIXED = (1e-3, 1e-5, 1e-6, 1e-8, 1e-12)
DEFAULTS = (0.0, 1e-3, 1e-6, 1e-8, 1e-12)

EPSILON_PARTS = (
    ("eps-missing", {"root": lambda v, e, d: np.sqrt(v)}),
    ("eps-outside-root", {"root": outside_root}),
    ("eps-as-floor", {"root": lambda v, e, d: np.sqrt(np.maximum(v, e))}),
    ("eps-as-floor", {"root": lambda v, e, d: np.maximum(np.sqrt(v), e)}),
    ("eps-misplaced", {"root": lambda v, e, d: np.sqrt(v) + np.sqrt(e)}),
    ("eps-misplaced", {"root": lambda v, e, d: np.sqrt(v + e**2)}),
    ("eps-misplaced", {"root": lambda v, e, d: np.sqrt(v + e / d)}),
    ("eps-misplaced", {"root": lambda v, e, d: np.sqrt(v - e)}),
    ("eps-misplaced", {"root": lambda v, e, d: np.sqrt(np.abs(v - e))}),
    ("eps-misplaced", {"root": lambda v, e, d: np.sqrt(v * (1 + e))}),
    ("eps-misplaced", {"root": lambda v, e, d: np.sqrt(v + e) + e}),
    *(("eps-fixed", {"root": lambda v, e, d, fixed=fixed: np.sqrt(v + fixed)}) for fixed in FIXED),
    *(("eps-fixed", {"root": lambda v, e, d, fixed=fixed: np.sqrt(v) + fixed}) for fixed in FIXED),
)
