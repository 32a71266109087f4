"""``numerical_gradient``: cases, checks and misconceptions."""

from dataclasses import dataclass

import numpy as np

from autograder import reading
from autograder.exercise import Case, Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import common, in_section
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student
from autograder.student_side import wire

# misconceptions ---------------------------------------------------------------------------------

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


# references -------------------------------------------------------------------------------------


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


# cases ------------------------------------------------------------------------------------------


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


# the exercise -----------------------------------------------------------------------------------


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


def numerical_by(
    step=lambda h: h,
    sides=(1, -1),
    weights=lambda dy: dy,
    total=np.sum,
    sign=1,
    factor=lambda h: 1,
    result=lambda slopes, dy: slopes,
):
    """Return what measures a gradient, or one in which some parts are others.

    Parts: h → the step; where the two points are, in steps; dy → what f(x) is multiplied by; that → the loss; the sign; the
    step → by what slopes are too large; slopes and dy → the result.
    """

    def imitation(f, x, dy, h=1e-5):
        given, h = h, step(h)
        if x.any() and given < 1e-3 and factor(h) < 1e-3:
            raise ValueError("with a small step hardly more than zeros, which have other reasons too")
        wide, weighed, slopes = x.astype(np.longdouble), weights(dy), np.empty(x.shape)
        for place in np.ndindex(x.shape):
            entry = np.zeros(x.shape)
            entry[place] = h
            difference = f(wide + sides[0] * entry) - f(wide + sides[1] * entry)
            slopes[place] = total(difference * weighed) / ((sides[0] - sides[1]) * h)
        return (result(sign * factor(h) * slopes, dy),)

    return imitation


FORWARD, BACKWARD = {"sides": (1, 0)}, {"sides": (0, -1)}

NUMERICAL_PARTS = (
    ("forward-difference", FORWARD),
    ("forward-difference", BACKWARD),
    ("half-slope", {"factor": lambda h: 0.5}),
    ("missing-parentheses", {"factor": lambda h: h**2}),
    ("missing-parentheses", {"factor": lambda h: 4}),
    ("not-divided", {"factor": lambda h: 2 * h}),
    ("not-divided", {"factor": lambda h: h}),
    ("sign-reversed", {"sign": -1}),
    ("mean-for-sum", {"total": np.mean}),
    ("divided-by-h", {"factor": lambda h: 2}),
    ("dy-ignored", {"weights": np.ones_like}),
    ("dy-outside", {"weights": np.ones_like, "result": lambda slopes, dy: slopes * dy}),
    ("shape-lost", {"result": lambda slopes, dy: slopes.ravel()}),
)

# Throughout, for a default of 5e-6 gives the same where h is left out.
HALF_STEP = (("half-step", {"sides": (0.5, -0.5)}),)

CUBE_ROOT = np.finfo("float64").eps ** (1 / 3)  # of the machine precision: a step that many recommend
FIXED_STEPS = tuple(("h-fixed", {"step": lambda h, fixed=fixed: fixed}) for fixed in (1e-4, 1e-5, 1e-6, 1e-7, CUBE_ROOT))


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
        Suspect("half-slope", numerical_by(**FORWARD, factor=lambda h: 0.5)),
        Suspect("half-slope", numerical_by(**BACKWARD, factor=lambda h: 0.5)),
        *alone(numerical_by, NUMERICAL_PARTS),
        *alone(numerical_by, HALF_STEP, throughout=True),
        Suspect("step-scaled", with_own_steps(lambda v, h: h * v, lambda v, h: 2 * h * v)),
        Suspect("step-scaled", with_own_steps(lambda v, h: h * max(1.0, abs(v)), lambda v, h: 2 * h * max(1.0, abs(v)))),
        Suspect("step-scaled", with_own_steps(lambda v, h: h * v, lambda v, h: 2 * h)),
        Suspect("only-the-last", slope_alone(-1)),
        Suspect("diagonal-only", diagonal),
        Suspect("all-at-once", lambda f, x, dy, h=1e-5: (all_together(f, x, dy, h),)),
        Suspect("all-at-once", lambda f, x, dy, h=1e-5: (np.full(x.shape, all_together(f, x, dy, h).sum()),)),
        Suspect("all-at-once", lambda f, x, dy, h=1e-5: (all_together(f, x, dy, h).sum(),)),
        Suspect("all-at-once", rows_together),
        Suspect("same-array", numerical_by(factor=lambda h: 0), throughout=True),
        Suspect("return-in-loop", slope_alone(0)),
        Suspect("not-restored", left_moved(-1)),
        Suspect("not-restored", left_moved(1)),
        *(Suspect("default-step", lambda f, x, dy, h=k: numerical(f, x, dy, h)) for k in OTHER_STEPS),
        *alone(numerical_by, FIXED_STEPS),
        *together(numerical_by, NUMERICAL_PARTS + HALF_STEP + FIXED_STEPS),
    ),
    misconceptions=NUMERICAL,
)  # fmt: skip
