"""``layernorm_backward_kernel``: cases, checks and misconceptions."""

from collections.abc import Callable

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import common, in_section
from autograder.exercises.norm_names import NORMS
from autograder.exercises.norm_parts import centred_by, dbeta_of, dgamma_of, layernorm_dx, mean, tokens
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student
from autograder.tensors import array, tensor

from .backward_parts import COMMON_DX, DX_PARTS, DY, GRADIENTS, PARAMETER_PARTS, averaged_by, corrected, upstream
from .kernel_parts import (
    BACKWARD_COUNTS,
    BY_PROGRAM,
    PARTIALS_MISPLACED,
    PROGRAM_FOR_ROW,
    STRIDE_MISSING,
    backward_lanes,
    blank,
    blank_sums,
    every_row,
    guarded,
    in_tables,
    lane_parts,
    no_place,
    one_place,
    own_row,
    read_alike,
    rows_behind,
    some_of,
    table,
    the_program,
    vector,
)
from .launches import (
    LANES,
    NARROWER,
    NOT_ZERO,
    OUTSIDE,
    OUTSIDE_ALONE,
    Launch,
    filled,
    launched,
    met,
    narrowed,
    strayed,
    with_verdicts,
)
from .parts import EPS, FAIR, GAMMA, ROUGH, TOKENS, Pass, by_count, counted_tokens, parameters

BACKWARD_KERNEL = (
    common("triton-backward")
    | GRADIENTS
    | LANES
    | in_section(
        "triton-backward",
        {
            "program-id-ignored": "Only program 0 did rows of its own. `tl.program_id(0)` says which program this one is: its "
            "rows begin with the one of its number, and its sums have a row of their own in the tables. The mask compares the "
            "columns alone with n, `columns < n`.",
            "rows-skipped": "A program did one row and stopped. There may be fewer programs than rows: program p takes the "
            "rows p, p + programs, p + 2·programs, …",
            "rows-shared-wrongly": "It is right with as many programs as rows, and wrong with fewer or more. Program p takes "
            "the rows p, p + programs, p + 2·programs, … as long as they are less than m, each of them once.",
            "program-for-row": "The program's number stands where the row's belongs. They are the same in a program's first "
            "row only: what belongs to a row is found by the loop's `row`, and only the tables of sums by the program.",
            "idle-program": "A program without rows stored nothing. It has a row in both tables as well, which the caller adds "
            "up: it stores zeros there. So the stores stand behind the loop, and under no condition.",
            "rows-repeated": "Several programs did the same row, so that the sums have it more than once. Program p takes the "
            "rows p, p + programs, p + 2·programs, …: the step is `tl.num_programs(0)`.",
            "rows-not-shared": "One program did all the rows, and the others waited for it: right, and on a GPU as slow as one "
            "program is. Program p takes the rows p, p + programs, p + 2·programs, …",
            "partials-overwritten": "Of a program's rows only the last one is in the sums: add each row to an accumulator, and "
            "store it once, after the loop.",
            "partials-not-stored": "The sums for weight or bias were not written. Each program stores both, once, after its "
            "loop: `tl.store(dweight + program·n + columns, …)`.",
            "partials-in-one-row": "All programs stored their sums in the same place, where the last one wins. Program p has "
            "row p of the table of partial sums.",
            "partials-misplaced": "The sums for weight or bias were not stored where they belong: `dweight + p·n + columns`. p "
            "is the program's number, not a row's, and the tables have no gaps: neither BLOCK nor a stride stands in their "
            "address.",
            "partials-not-zeroed": "The sums were added to what stood in the tables before, and nobody has put zeros there. "
            "Add up in registers, beginning with `tl.zeros([BLOCK], tl.float32)`, and store once after the loop.",
            "dgamma-wrong-axis": "The gradient of weight or bias was summed over the features of a row, to a single number. It "
            "has one number a feature: add up the rows lane by lane, without `tl.sum`.",
            "divided-by-batch": "The sums for weight or bias were divided, by the number of rows, of programs or of features. "
            "They are sums.",
            "m-for-n": "m and n are exchanged somewhere. m counts rows: the loop ends there. n counts features: the mask "
            "compares with it, and the means in dx divide by it.",
            "statistics-recomputed": "mean and rstd were computed again from x, without the forward's ε. Load what the forward "
            "has stored: `tl.load(mean + row)` and `tl.load(rstd + row)`.",
            "rstd-taken-for-variance": "What stands at rstd was taken for a variance, and a root was taken of it. It is "
            "1/√(variance + ε) already: x̂ = (x − mean) · rstd.",
        },
    )
)


TALLEST_TILE = 32  # rows that a program may well take at once


def left_to_one(reply: Reply, rows: int, programs: int) -> np.int64:
    """Return 1 if one of several programs wrote all the rows, else 0; where there are few rows a tile may hold all of them."""
    return np.int64(reply.value.get("busy") == 1 and programs > 1 and rows > TALLEST_TILE)


def backward_case(
    rng,
    m,
    n,
    block,
    programs,
    kind="",
    *,
    gap=(0, 0, 0),
    location=None,
    spread=None,
    eps=EPS,
    name="float32",
    **more,
) -> Launch:
    """args: (dy, x, weight, mean, rstd, rows, n, block, programs, dx's stride). gap: of the strides of dy, x and dx."""
    values = array(tensor(tokens(rng, (m, n), location, spread), name)).astype("float64")
    weight, _ = parameters(rng, n)
    _, s = centred_by(values, eps)
    width = max(n + max(gap), block)
    args = (
        table(upstream(rng, (m, n)), n + gap[0], block, name),
        table(values, n + gap[1], block, name),
        vector(weight, m, width, name, block),
        vector(values.mean(axis=-1), m, width),
        vector(1 / s[:, 0], m, width),
        m,
        n,
        block,
        programs,
        n + gap[2],
    )
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True} | more
    return Launch(args, f"{m} rows of {n} features, BLOCK = {block}, {programs} programs{kind}", **more)


def shown_backward(judged: tuple, name="float32", **more) -> Launch:
    statistics = vector(np.array([4.0, 2.0]), 2, 4), vector(np.array([0.2, 0.5]), 2, 4)
    tables = table(DY, 4, 4, name), table(TOKENS, 4, 4, name)
    words = "the worked example (mean = (4, 2), rstd = (0.2, 0.5), 2 programs)"
    words += "" if name == "float32" else f" in {name}"
    args = (*tables, vector(GAMMA, 2, 4, name), *statistics, 2, 4, 4, 2, 4)
    return Launch(args, words, public=True, judged=judged, atol=1e-4, rtol=1e-4, any_dtype=True, **more)


def invoke_backward(student: Student, item: Launch) -> Reply:
    dy, x, weight, averages, reciprocals, m, n, block, programs, dx_stride = item.args
    strides = dy.raw.shape[1], x.raw.shape[1], dx_stride
    dx = blank(m + rows_behind(m, block, dx_stride), dx_stride, name=x.dtype)
    partial = blank_sums(m, n, block, programs, strides)
    args = [dy, x, weight, averages, reciprocals, dx, partial, partial, *strides, m, n]
    parts = [(m, n), (m, n), (n, 1), (m, 1), (m, 1), (m, n), (programs, n), (programs, n)]
    reply = launched(student, LAYERNORM_BACKWARD_KERNEL.name, item, args, programs, block, [5, 6, 7], parts)
    buffers = filled(reply, [dx, partial, partial])
    if isinstance(buffers, Reply):
        return buffers
    rows, outside = guarded(buffers[0], m, n)
    (weights, beyond), (biases, further) = (guarded(b, programs, n) for b in buffers[1:])
    changed = np.int64(outside + beyond + further)
    verdicts = strayed(reply), met(reply), left_to_one(reply, m, programs)
    return Reply((rows, weights.sum(axis=0), biases.sum(axis=0), changed, *verdicts), sign=reply.sign)


def normalised(x, average, s):
    return (x - average) / s


def as_given(x, averages, reciprocals) -> tuple:
    """mean and σ_ε, as the backward kernel reads them."""
    return averages, 1 / reciprocals


def backward_tables(
    dx=None, dweight=dgamma_of, dbias=dbeta_of, hat=normalised, statistics=as_given, **steps
) -> Callable:
    """Return what the backward kernel writes, its partial sums added up; or one in which some parts are others.

    steps: those of dx, where that is not given.
    """
    dx = dx or corrected(**steps)

    def run(dy, x, weight, averages, reciprocals, m, n, block, programs, dx_stride) -> tuple:
        x, dy, weight = x[:m, :n], dy[:m, :n], weight[:n]
        average, s = statistics(x, averages[:m, None], reciprocals[:m, None])
        p = Pass(x, weight, np.zeros(n), dy, dy * weight, hat(x, average, s), s)
        return dx(p), dweight(p), dbias(p), 0, 0

    return run


def recomputed(eps: float) -> Callable:
    return lambda x, averages, reciprocals: (mean(x), centred_by(x, eps)[1])


# What mean and rstd are taken for, and x̂.
STATISTICS_READ = [
    ("statistics-exchanged", {"statistics": lambda x, averages, reciprocals: (reciprocals, 1 / averages)}),
    ("multiplied", {"statistics": lambda x, averages, reciprocals: (averages, reciprocals)}),
    *(
        ("rstd-taken-for-variance", {"statistics": lambda x, averages, reciprocals, s=s: (averages, s(reciprocals))})
        for s in (np.sqrt, lambda r: np.sqrt(r + EPS), lambda r: 1 / np.sqrt(r))
    ),
    *(("statistics-recomputed", {"statistics": recomputed(eps)}) for eps in (0.0, 1e-5, 1e-6, 1e-8, 1e-12)),
    ("multiplied", {"hat": lambda x, average, s: (x - average) * s}),
    ("xhat-wrong", {"hat": lambda x, average, s: x / s}),
    ("sign-reversed", {"hat": lambda x, average, s: (average - x) / s}),
]


SLOPES, SUMS = (0, 3), (1, 2)


def backward_rows(rng):
    out = [shown_backward(SLOPES)]
    out += [backward_case(rng, m, n, n, m, judged=SLOPES) for m, n in ((3, 8), (1, 16), (4, 32))]
    return out + [backward_case(rng, 3, 8, 8, 3, " of a forward with ε = 1", spread=1.0, eps=1.0, judged=SLOPES)]


def backward_compiled(rng):
    return [
        shown_backward(SLOPES, compiled=True),
        shown_backward(OUTSIDE_ALONE, "bfloat16", compiled=True),
        backward_case(rng, 3, 8, 8, 3, judged=SLOPES, compiled=True),
    ]


def backward_sums(rng):
    out = [shown_backward(SUMS)] + [backward_case(rng, m, n, n, m, judged=SUMS) for m, n in ((3, 8), (5, 4))]
    return out + [backward_case(rng, 3, 8, 8, 3, " of a forward with ε = 1", spread=1.0, eps=1.0, judged=SUMS)]


def backward_programs(rng):
    out = [backward_case(rng, 3, 8, 8, 3, control=True)]
    return out + [backward_case(rng, m, 8, 8, p, races=True) for m, p in ((6, 3), (40, 3), (5, 1), (2, 4))]


def backward_padding(rng):
    out = [backward_case(rng, 3, 16, 16, 3, control=True)]
    shapes = ((3, 5, 8, 1), (4, 3, 4, 1), (3, 768, 1024, 300), (2, 100, 128, 3), (3, 7, 16, 20))
    return out + [backward_case(rng, m, n, block, m, gap=(gap,) * 3) for m, n, block, gap in shapes]


def backward_undefined(rng):
    return [
        backward_case(rng, m, n, block, m, NOT_ZERO, undefined=True, judged=(*SLOPES, 4)) for m, n, block in NARROWER
    ]


def backward_strides(rng):
    out = [backward_case(rng, 3, 16, 16, 3, control=True)]
    gaps = ((3, 0, 0), (0, 5, 0), (0, 0, 2), (1, 4, 7))
    return out + [
        backward_case(rng, 3, 8, 8, 3, f", strides {8 + a}, {8 + b} and {8 + c}", gap=(a, b, c)) for a, b, c in gaps
    ]


def backward_halves(rng):
    return [
        backward_case(rng, 3, 8, 8, 3, control=True),
        backward_case(
            rng, 3, 32, 32, 3, " in float16, several hundred", location=600.0, spread=300.0, name="float16", **FAIR
        ),
        backward_case(
            rng, 4, 32, 32, 4, " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH
        ),
        # The tables of sums are in float32, so they are exact where every program adds up in float32.
        backward_case(rng, 40, 8, 8, 2, control=True, judged=SUMS),
        *(
            backward_case(rng, 40, 8, 8, 2, f" in {name}", name=name, judged=SUMS, atol=1e-3, rtol=1e-4)
            for name in ("float16", "bfloat16")
        ),
    ]


def by_features(values: np.ndarray) -> np.ndarray:
    """Sum over everything, to one number which stands in every lane."""
    return np.full(values.shape[-1], values.sum())


SUMMED_OVER_FEATURES = [
    {"dweight": lambda p: by_features(p.dy * p.xhat), "dbias": lambda p: by_features(p.dy)},
    {"dweight": lambda p: by_features(p.dy * p.xhat)},
    {"dbias": lambda p: by_features(p.dy)},
]


def divided_sums(place: int, weight: bool, bias: bool) -> Callable:
    """The sums for weight, bias or both divided by the argument at ``place``: the number of rows (5), features or programs."""
    right = backward_tables()

    def run(*args) -> tuple:
        dx, dweight, dbias, *outside = right(*args)
        count = args[place]
        return dx, dweight / count if weight else dweight, dbias / count if bias else dbias, *outside

    return run


LAYERNORM_BACKWARD_KERNEL = Exercise(
    name="layernorm_backward_kernel",
    functions=("layernorm_backward_kernel",),
    outputs=(
        Output("dx"),
        Output("the sum of the partial sums for weight"),
        Output("the sum of the partial sums for bias"),
        *OUTSIDE,
        Output("whether one program does all the rows", "verdict"),
    ),
    invoke=invoke_backward,
    reference=with_verdicts(backward_tables(), False, False),
    section="triton-backward",
    checks=(
        Check("dx", "dx, where BLOCK is the number of features", 1, "triton-backward", backward_rows),
        Check("compiles", "A GPU's compiler takes it, and dx is right", 1, "without-a-gpu", backward_compiled),
        Check("sums", "Partial sums for weight and bias", 2, "triton-backward", backward_sums),
        Check(
            "programs",
            "More rows than programs, and fewer",
            2,
            "triton-backward",
            backward_programs,
            "rows-shared-wrongly",
        ),
        Check(
            "padding",
            "Rows narrower than BLOCK, in memory full of NaN",
            1,
            "padding-trap",
            backward_padding,
            "surplus-lanes",
        ),
        Check("undefined", "Nothing is taken for granted of surplus lanes", 1, "padding-trap", backward_undefined),
        Check("strides", "Rows a stride apart", 1, "triton-forward", backward_strides, "stride-ignored"),
        Check(
            "half", "16-bit rows, computed in float32", 1, "low-precision", backward_halves, "half-precision-statistics"
        ),
    ),
    suspects=alone(backward_tables, DX_PARTS + PARAMETER_PARTS + averaged_by("m-for-n", by_count(counted_tokens)))
    + tuple(
        Suspect("divided-by-batch", divided_sums(place, weight, bias))
        for place in (5, 6, 8)
        for weight, bias in ((True, True), (True, False), (False, True))
    )
    + tuple(Suspect("dgamma-wrong-axis", backward_tables(**parts)) for parts in SUMMED_OVER_FEATURES)
    + (
        Suspect("race", with_verdicts(backward_tables(), True)),
        Suspect("rows-not-shared", with_verdicts(backward_tables(), False, True)),
        *(Suspect("half-precision-statistics", backward_tables(dx=narrowed(layernorm_dx, name))) for name in ("float16", "bfloat16")),
        Suspect("m-for-n", backward_lanes(mask=lambda a: a.lanes < a.m)),
        Suspect("m-for-n", backward_lanes(rows="up to n")),
        *alone(backward_tables, STATISTICS_READ, throughout=True),
        Suspect("rows-not-stored", backward_lanes(y=no_place)),
        Suspect("program-id-ignored", backward_lanes(numbered=False)),
        Suspect("program-id-ignored", backward_lanes(rows="from zero")),
        Suspect("rows-skipped", backward_lanes(rows="first")),
        Suspect("rows-repeated", backward_lanes(rows="from here")),
        Suspect("rows-repeated", backward_lanes(rows="every")),
        Suspect("rows-repeated", backward_lanes(rows="by two")),
        *(
            Suspect("program-for-row", backward_lanes(**{name: BY_PROGRAM[name] for name in names}))
            for names in PROGRAM_FOR_ROW
        ),
        Suspect("idle-program", backward_lanes(sums="busy")),
        *(Suspect("partials-overwritten", backward_lanes(last=names)) for names in some_of(("dweight", "dbias"))),
        Suspect("partials-overwritten", backward_lanes(sums="row")),
        Suspect("partials-not-zeroed", backward_lanes(sums="memory")),
        Suspect("partials-not-zeroed", backward_lanes(sums="memory", places=(every_row, every_row))),
        Suspect("partials-misplaced", backward_lanes(sums="row", places=(own_row, own_row))),
        *(
            Suspect(name, backward_lanes(**options))
            for name, places in (
                ("partials-in-one-row", [every_row]),
                ("partials-misplaced", PARTIALS_MISPLACED),
                ("partials-not-stored", [no_place]),
            )
            for place in places
            for options in in_tables(place)
        ),
        *(Suspect("writes-outside", backward_lanes(store=names)) for names in some_of(("dx", "dweight", "dbias"))),
        Suspect("row-ignored", backward_lanes(mean=one_place)),
        Suspect("row-ignored", backward_lanes(rstd=one_place)),
        Suspect("row-ignored", backward_lanes(mean=one_place, rstd=one_place)),
        *(Suspect("row-ignored", backward_lanes(**{name: every_row})) for name in ("x", "dy")),
        *(Suspect("stride-ignored", backward_lanes(**{name: STRIDE_MISSING})) for name in ("x", "dy")),
        Suspect("parameters-by-row", backward_lanes(weight=the_program)),
    )
    + alone(read_alike, lane_parts(BACKWARD_COUNTS, ("x", "dy", "weight")))
    + together(backward_tables, COMMON_DX + STATISTICS_READ),
    misconceptions=BACKWARD_KERNEL,
    forbidden_names=NORMS,
)
