"""``fails``: cases, checks and misconceptions."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from autograder.exercise import Case, Check, Exercise, Misconception, Output, Suspect
from autograder.exercises.misconceptions import common, named
from autograder.student import Kind, Reply, Student

from .parts import renamed

MAX_CALLS, MAX_NUMBERS = 200, 1_000_000


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
